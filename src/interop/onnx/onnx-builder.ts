import { readersOf, type Graph } from "../../graph/graph.js";
import { Leaf, type GraphNode, type Tensor } from "../../graph/tensor.js";
import type { HostArray } from "../../tensor/host-array.js";
import type { Shape } from "../../tensor/shape.js";
import type { StoredArray } from "../stored-array.js";
import { InteropError } from "../interop-error.js";
import type { OnnxAttribute, OnnxNode, OnnxTensor } from "./onnx-messages.js";

/** Arrays by parameter name, in PyTorch's shapes and order of elements. */
export type OnnxWeights = ReadonlyMap<string, StoredArray>;

/** An array whose values are computed when they are written. */
export interface LazyArray {
  readonly shape: Shape;
  readonly values: () => Float32Array;
}

/** Collects the nodes and tensors of an ONNX graph while a graph is walked. */
export class OnnxBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  /** Names of computed values and written parameters. */
  readonly #names = new Map<Tensor, string>();
  /** Every name in the file: nodes, values and parameters share one name space. */
  readonly #taken: Set<string>;
  readonly #constants = new Map<string, string>();
  readonly #readers: ReadonlyMap<Tensor, readonly GraphNode[]>;

  constructor(
    readonly graph: Graph,
    private readonly weights: OnnxWeights,
  ) {
    this.#readers = readersOf(graph);
    this.#taken = new Set([...graph.leaves.values(), ...Object.keys(graph.outputs)]);
  }

  /** The name of a value. If it is a parameter, its values are added to the file. */
  nameOf(tensor: Tensor): string {
    const name = this.#names.get(tensor);
    if (name !== undefined) return name;
    if (!(tensor instanceof Leaf)) throw new Error("a value is read before it is computed");
    const leaf = this.graph.leaves.get(tensor)!;
    if (tensor.kind !== "input") {
      const { shape, data } = this.weight(tensor);
      this.initializers.push({ name: leaf, type: "float", shape, values: () => data });
    }
    this.#names.set(tensor, leaf);
    return leaf;
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

  /** Adds an array to the file for a node. @returns its name, made from `name` */
  operand({ module }: GraphNode, name: string, array: LazyArray): string {
    const unique = this.#unique(within(module, name));
    this.initializers.push({ name: unique, type: "float", ...array });
    return unique;
  }

  /** Adds whole numbers to the file, once for equal ones. @returns their name */
  integers(name: string, values: readonly number[]): string {
    const wanted = `${name}_${values.join("_")}`;
    const known = this.#constants.get(wanted);
    if (known !== undefined) return known;
    const unique = this.#unique(wanted);
    this.initializers.push({
      name: unique,
      type: "int64",
      shape: [values.length],
      values: () => BigInt64Array.from(values, BigInt),
    });
    this.#constants.set(wanted, unique);
    return unique;
  }

  /** Adds a node that computes `result`, named by the module that it was traced in. */
  add(
    opType: string,
    { module }: GraphNode,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>>,
    result: Tensor | null,
  ): string {
    const name = this.#unique(within(module, opType));
    const isOutput = result !== null && Object.values(this.graph.outputs).includes(result);
    const output = isOutput ? outputName(this.graph, result) : name;
    if (result) this.#names.set(result, output);
    this.nodes.push({ opType, name, inputs, output, attributes });
    return output;
  }

  /** The only node that reads a value; null if there are several, or if it is an output. */
  onlyReader(tensor: Tensor): GraphNode | null {
    const readers = this.#readers.get(tensor) ?? [];
    if (Object.values(this.graph.outputs).includes(tensor)) return null;
    return readers.length === 1 ? readers[0]! : null;
  }

  #unique(name: string): string {
    let unique = name;
    for (let i = 1; this.#taken.has(unique); i++) unique = `${name}_${i}`;
    this.#taken.add(unique);
    return unique;
  }
}

const within = (module: string, name: string): string => (module ? `${module}.${name}` : name);

const outputName = (graph: Graph, tensor: Tensor): string =>
  Object.entries(graph.outputs).find(([, output]) => output === tensor)![0];
