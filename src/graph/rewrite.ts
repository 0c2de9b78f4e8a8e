import { applyOp } from "./define-op.js";
import { graphOf, type Graph } from "./graph.js";
import type { GraphNode, Tensor } from "./tensor.js";

type TensorsByName = Readonly<Record<string, Tensor>>;

/** From tensors of the old graph to those of the new one. */
export interface Renaming {
  current(old: Tensor): Tensor;
  /** From here on, nodes that read `old` read `replacement` instead. */
  replace(old: Tensor, replacement: Tensor): void;
}

/**
 * Decides about one node: returns `null` to keep it, or else the tensors that replace its outputs.
 *
 * @param node the node as it is in the old graph
 * @param inputs its inputs in the new graph
 */
export type RewriteRule = (
  node: GraphNode,
  inputs: TensorsByName,
  renaming: Renaming,
) => TensorsByName | null;

/** Applies `rule` to every node in order and returns the new graph, without the nodes that nothing reads any more. */
export function rewrite(graph: Graph, rule: RewriteRule): Graph {
  const replaced = new Map<Tensor, Tensor>();
  const current = (old: Tensor): Tensor => replaced.get(old) ?? old;
  for (const node of graph.nodes) {
    const inputs = mapTensors(node.inputs, current);
    const outputs =
      rule(node, inputs, {
        current,
        replace: (old, replacement) => replaced.set(old, replacement),
      }) ?? applyOp(node.op, inputs, node.attrs, node.module).outputs;
    for (const [name, tensor] of Object.entries(node.outputs)) {
      const replacement = outputs[name];
      if (replacement) replaced.set(tensor, replacement);
    }
  }
  const updates = new Map([...graph.updates].map(([leaf, value]) => [leaf, current(value)]));
  return graphOf(mapTensors(graph.outputs, current), updates, graph.leaves);
}

const mapTensors = (
  tensors: TensorsByName,
  map: (tensor: Tensor) => Tensor,
): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, map(tensor)]));
