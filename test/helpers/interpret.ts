// Runs a graph node by node with the ops' reference rules, in float64.
import { graphOf, type Graph } from "../../src/graph/graph.js";
import type { Values } from "../../src/graph/define-op.js";
import type { Leaf, Tensor } from "../../src/graph/tensor.js";
import type { HostArray } from "../../src/tensor/host-array.js";
import { decodeBf16 } from "../../src/tensor/bf16.js";
import { sizeOf, type TensorSpec } from "../../src/tensor/shape.js";

export type LeafValues = Readonly<Record<string, HostArray | Values>>;

const emptyOf = ({ shape, dtype }: TensorSpec): Values => {
  const size = sizeOf(shape);
  if (dtype === "f32") return { shape, data: new Float64Array(size).fill(NaN) };
  return { shape, data: dtype === "i32" ? new Int32Array(size) : new Uint8Array(size) };
};

/** Floats as float64, so that finite differences can be tight; integers as they are. */
const widen = ({ shape, data }: HostArray | Values): Values => {
  if (data instanceof Uint16Array) return { shape, data: Float64Array.from(decodeBf16(data)) };
  return { shape, data: data instanceof Float32Array ? Float64Array.from(data) : data };
};

/** Computes every node; the returned function gives the value of any tensor of the graph. */
export function interpret(graph: Graph, leaves: LeafValues): (tensor: Tensor) => Values {
  const values = new Map<Tensor, Values>();
  for (const [leaf, name] of graph.leaves) {
    const given = leaves[name];
    if (!given) throw new Error(`the test gives no value for ${name}`);
    values.set(leaf, widen(given));
  }
  const valueOf = (tensor: Tensor): Values => {
    const value = values.get(tensor);
    if (!value) throw new Error("the tensor is not part of the graph");
    return value;
  };
  const pick = (tensors: Readonly<Record<string, Tensor>>): Record<string, Values> =>
    Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, valueOf(t)]));
  for (const node of graph.nodes) {
    for (const output of Object.values(node.outputs)) values.set(output, emptyOf(output));
    node.op.reference(pick(node.inputs), pick(node.outputs), node.attrs);
  }
  return valueOf;
}

/** The outputs and updates of a graph by name, in float64. */
export function interpretAll(graph: Graph, leaves: LeafValues): Record<string, Values> {
  const valueOf = interpret(graph, leaves);
  const updates = [...graph.updates].map(
    ([leaf, value]: [Leaf, Tensor]) => [`new ${graph.leaves.get(leaf)}`, valueOf(value)] as const,
  );
  const outputs = Object.entries(graph.outputs).map(([name, t]) => [name, valueOf(t)] as const);
  return Object.fromEntries([...outputs, ...updates]);
}

/** The value of one tensor, in float64. */
export const evaluate = (tensor: Tensor, leaves: LeafValues): Values =>
  interpret(graphOf({ tensor }), leaves)(tensor);
