import { applyOp } from "../graph/define-op.js";
import { readersOf, type Graph } from "../graph/graph.js";
import { rewrite } from "../graph/rewrite.js";
import type { GraphNode, Tensor } from "../graph/tensor.js";

/**
 * Computes cheap results a second time where the backward pass first reads them, instead of keeping them until then.
 *
 * The gradient of a batch norm reads its x, so x is kept anyway, and y follows from x in one pass over memory, with the same
 * bits. That halves the memory kept inside a block. A y with a fused residual stays, because computing it again would need
 * the residual to be kept too.
 * Source: Chen et al. 2016, arXiv:1604.06174 (drop values that are cheap to recompute).
 */
export function recompute(graph: Graph): Graph {
  const readers = readersOf(graph);
  const outputs = new Set(Object.values(graph.outputs));
  const isKept = (tensor: Tensor | undefined): boolean =>
    (tensor && readers.get(tensor)?.some(isBackward)) ?? false;
  const isCheap = (y: Tensor): y is Tensor & { readonly node: GraphNode } =>
    y.node?.op.isCheap === true &&
    y === y.node.outputs[y.node.op.outputs[0]!.name] &&
    !addendOf(y.node) &&
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
      replace(y, applyOp(op, now(inputs), attrs, module).outputs[op.outputs[0]!.name]!);
    }
    return applyOp(node.op, now(node.inputs), node.attrs, node.module).outputs;
  });
}

const isBackward = (node: GraphNode): boolean => node.op.role === "gradient";

/** The tensor that the node adds in its epilogue. */
const addendOf = ({ op, inputs }: GraphNode): Tensor | undefined =>
  op.epilogue && inputs[op.epilogue.addend];
