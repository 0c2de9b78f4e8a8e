import { applyOp } from "../graph/define-op.js";
import { readersOf, type Graph } from "../graph/graph.js";
import { rewrite } from "../graph/rewrite.js";
import type { GraphNode, Tensor } from "../graph/tensor.js";

/**
 * Normalises a second time where the backward pass begins to need the result, instead of keeping it until then.
 *
 * A batch norm's gradient needs its x, so x is kept; y follows from it in one pass over memory, with the same bits.
 * That halves what the inside of a block keeps. With a residual, y would need that to be kept too, and stays.
 * Source: Chen et al. 2016, arXiv:1604.06174 (drop what is cheap to compute again).
 */
export function recompute(graph: Graph): Graph {
  const readers = readersOf(graph);
  const outputs = new Set(Object.values(graph.outputs));
  const isKept = (tensor: Tensor | undefined): boolean =>
    (tensor && readers.get(tensor)?.some(isBackward)) ?? false;
  const isCheap = (y: Tensor): y is Tensor & { readonly node: GraphNode } =>
    y.node?.op.name === "batchNorm2d" &&
    !y.node.inputs["residual"] &&
    isKept(y.node.inputs["x"]) &&
    !outputs.has(y);

  const done = new Set<Tensor>();
  return rewrite(graph, (node, _, { current, replace }) => {
    const now = (tensors: GraphNode["inputs"]): Record<string, Tensor> =>
      Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, current(tensor)]));
    const again = Object.values(node.inputs).filter(
      (tensor) => isCheap(tensor) && !done.has(tensor),
    );
    if (!isBackward(node) || again.length === 0) return null;
    for (const y of again) {
      const { op, inputs, attrs, module } = y.node!;
      done.add(y);
      replace(y, applyOp(op, now(inputs), attrs, module).outputs["y"]!);
    }
    return applyOp(node.op, now(node.inputs), node.attrs, node.module).outputs;
  });
}

const isBackward = (node: GraphNode): boolean => node.op.name.endsWith("Grad");
