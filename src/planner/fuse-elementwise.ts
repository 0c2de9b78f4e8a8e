import { applyOp } from "../graph/define-op.js";
import { readersOf, type Graph } from "../graph/graph.js";
import { rewrite } from "../graph/rewrite.js";
import type { GraphNode, Tensor } from "../graph/tensor.js";
import { addOp } from "../ops/add.js";
import { binaryOp } from "../ops/binary.js";
import { elementwiseOp, mostOperands } from "../ops/elementwise.js";
import { formatSteps, type Source, type Step } from "../ops/elementwise-steps.js";
import { unaryGradOp, unaryOp } from "../ops/unary.js";
import { whereOp } from "../ops/where.js";
import { sameShape } from "../tensor/shape.js";

/** Results of steps wait in the cache until the last one. */
const mostSteps = 24;

/**
 * Makes one instruction of elementwise ops whose results only the others of them read, so that memory is read and written once. Each
 * step rounds its result as if it were stored, so the values stay the same.
 */
export function elementwise(graph: Graph): Graph {
  const groups = groupsOf(graph);
  return rewrite(graph, (node, _, { current }) => {
    const group = groups.get(node);
    if (!group) return null;
    const operands = externals(group);
    const inputs = Object.fromEntries(operands.map((tensor, i) => [`x${i}`, current(tensor)]));
    const steps = formatSteps(group.map((each) => stepOf(each, group, operands)));
    const { outputs } = applyOp(elementwiseOp, inputs, { steps }, node.module);
    return { [node.op.outputs[0]!.name]: outputs["y"]! };
  });
}

const family: ReadonlySet<unknown> = new Set([unaryOp, unaryGradOp, binaryOp, whereOp]);
/** `add` alone is left to the epilogues of other ops; beside others it is a step. */
const isElementwise = ({ op }: GraphNode): boolean => family.has(op) || op === addOp;

const resultOf = (node: GraphNode): Tensor => node.outputs[node.op.outputs[0]!.name]!;

/** By its last node, the nodes that one instruction computes, in their order. */
function groupsOf(graph: Graph): ReadonlyMap<GraphNode, readonly GraphNode[]> {
  const readers = readersOf(graph);
  const kept = new Set([...Object.values(graph.outputs), ...graph.updates.values()]);
  const taken = new Set<GraphNode>();
  const groups = new Map<GraphNode, readonly GraphNode[]>();
  for (const root of [...graph.nodes].reverse()) {
    if (taken.has(root) || !isElementwise(root)) continue;
    const members = new Set([root]);
    const { shape, dtype } = resultOf(root);
    const joins = (tensor: Tensor): boolean => {
      const { node } = tensor;
      return (
        node !== null &&
        !members.has(node) &&
        isElementwise(node) &&
        !kept.has(tensor) &&
        sameShape(tensor.shape, shape) &&
        tensor.dtype === dtype &&
        readers.get(tensor)!.every((reader) => members.has(reader)) &&
        members.size < mostSteps &&
        externals([...members, node]).length <= mostOperands
      );
    };
    for (let next: Tensor | undefined = resultOf(root); next;) {
      next = [...members].flatMap(({ inputs }) => Object.values(inputs)).find(joins);
      if (next) members.add(next.node!);
    }
    for (const member of members) taken.add(member);
    const isWorth = members.size > 1 && [...members].some(({ op }) => op !== addOp);
    if (isWorth)
      groups.set(
        root,
        [...members].sort((a, b) => a.id - b.id),
      );
  }
  return groups;
}

/** The tensors that the nodes read but do not compute. */
function externals(nodes: readonly GraphNode[]): readonly Tensor[] {
  const own = new Set(nodes.map(resultOf));
  const read = new Set(nodes.flatMap(({ inputs }) => Object.values(inputs)));
  return [...read].filter((tensor) => !own.has(tensor));
}

function stepOf(
  { op, inputs, attrs }: GraphNode,
  group: readonly GraphNode[],
  operands: readonly Tensor[],
): Step {
  const source = (tensor: Tensor | undefined, scalar: string): Source => {
    if (!tensor) return { kind: "number", value: Number(attrs[scalar]) };
    const step = group.findIndex((each) => resultOf(each) === tensor);
    return step >= 0
      ? { kind: "step", index: step }
      : { kind: "operand", index: operands.indexOf(tensor) };
  };
  const { function: given, ...rest } = attrs;
  const name = String(given);
  const { condition, a, b, x, dy, at } = inputs;
  if (op === whereOp) {
    const sources = [source(condition, ""), source(a, "scalarA"), source(b, "scalarB")];
    return { name: "where", sources, parameters: {} };
  }
  if (op === unaryOp) return { name, sources: [source(x, "")], parameters: rest };
  if (op === unaryGradOp)
    return { name: `${name}Grad`, sources: [source(dy, ""), source(at, "")], parameters: rest };
  const sources = [source(a, "scalar"), source(b, "scalar")];
  return { name: op === addOp ? "add" : name, sources, parameters: {} };
}
