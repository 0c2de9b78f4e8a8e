import { readersOf, type Graph } from "../../graph/graph.js";
import { Leaf, type GraphNode, type Tensor } from "../../graph/tensor.js";
import type { HostArray } from "../../tensor/host-array.js";
import type { StoredArray } from "../stored-array.js";
import { InteropError } from "../interop-error.js";
import type { OnnxAttribute, OnnxNode, OnnxTensor } from "./onnx-messages.js";

/** Arrays by parameter name, in PyTorch's shapes and order of elements. */
export type OnnxWeights = ReadonlyMap<string, StoredArray>;

/** Collects the nodes and tensors of an ONNX graph while a graph is walked. */
export class OnnxBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly #initializers = new Map<string, OnnxTensor>();
  /** Names of values that were computed. */
  readonly #names = new Map<Tensor, string>();
  readonly #used = new Map<string, number>();
  readonly #readers: ReadonlyMap<Tensor, readonly GraphNode[]>;

  constructor(
    readonly graph: Graph,
    private readonly weights: OnnxWeights,
  ) {
    this.#readers = readersOf(graph);
  }

  get initializers(): readonly OnnxTensor[] {
    return [...this.#initializers.values()];
  }

  /** The name of a value; that of a parameter also puts its values into the file. */
  nameOf(tensor: Tensor): string {
    const name = this.#names.get(tensor);
    if (name !== undefined) return name;
    if (!(tensor instanceof Leaf)) throw new Error("a value is read before it is computed");
    const leaf = this.graph.leaves.get(tensor)!;
    return tensor.kind === "input" ? leaf : this.tensor(leaf, this.weight(tensor));
  }

  isComputed(tensor: Tensor): boolean {
    return this.#names.has(tensor);
  }

  /** The values of a parameter or running statistic. */
  weight(leaf: Tensor): HostArray<"f32"> {
    const name = this.graph.leaves.get(leaf as Leaf);
    const array = name === undefined ? undefined : this.weights.get(name);
    if (array?.dtype !== "f32") {
      throw new InteropError("ERR_ONNX", `there are no values for ${name ?? "a constant"}`);
    }
    return array as HostArray<"f32">;
  }

  /** Puts a constant into the file. @returns its name */
  tensor(
    name: string,
    array: { readonly shape: readonly number[]; readonly data: OnnxTensor["data"] },
  ) {
    if (!this.#initializers.has(name)) {
      this.#initializers.set(name, { name, shape: array.shape, data: array.data });
    }
    return name;
  }

  /** Adds a node that computes `result`, named by the module that it was traced in. */
  add(
    opType: string,
    { module }: GraphNode,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>>,
    result: Tensor | null,
  ): string {
    const name = this.#unique(module ? `${module}.${opType}` : opType);
    const isOutput = result !== null && Object.values(this.graph.outputs).includes(result);
    const output = isOutput ? outputName(this.graph, result) : name;
    if (result) this.#names.set(result, output);
    this.nodes.push({ opType, name, inputs, output, attributes });
    return output;
  }

  /** The one node that reads a value, or null: there are several, or it is a result. */
  onlyReader(tensor: Tensor): GraphNode | null {
    const readers = this.#readers.get(tensor) ?? [];
    if (Object.values(this.graph.outputs).includes(tensor)) return null;
    return readers.length === 1 ? readers[0]! : null;
  }

  #unique(name: string): string {
    const count = this.#used.get(name) ?? 0;
    this.#used.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  }
}

const outputName = (graph: Graph, tensor: Tensor): string =>
  Object.entries(graph.outputs).find(([, output]) => output === tensor)![0];
