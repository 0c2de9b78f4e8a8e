import { ResnetError } from "../tensor/error.js";
import { formatShape, sameShape } from "../tensor/shape.js";
import type { Graph } from "./graph.js";
import { Leaf, type GraphNode, type Tensor } from "./tensor.js";

/**
 * Checks the invariants that passes rely on: nodes have the operands that their op declares; every value is computed before
 * it is read; every output has the shape and dtype that the op's shape rule gives; updates keep shape and dtype.
 *
 * @throws {ResnetError} `ERR_GRAPH`, one line a finding
 */
export function verifyGraph(graph: Graph): void {
  const findings: string[] = [];
  const known = new Set<Tensor>(graph.leaves.keys());
  for (const node of graph.nodes) {
    findings.push(...findingsOf(node, known));
    for (const tensor of Object.values(node.outputs)) known.add(tensor);
  }
  for (const [leaf, value] of graph.updates) {
    const name = graph.leaves.get(leaf) ?? leaf.name;
    if (leaf.kind !== "state") findings.push(`${name} is an input, and only state can be updated`);
    if (!known.has(value)) findings.push(`the new value of ${name} is not computed`);
    if (!sameShape(leaf.shape, value.shape) || leaf.dtype !== value.dtype) {
      findings.push(
        `${name} is ${leaf.dtype} ${formatShape(leaf.shape)} but its new value is ${value.dtype} ${formatShape(value.shape)}`,
      );
    }
  }
  for (const [name, value] of Object.entries(graph.outputs)) {
    if (!known.has(value)) findings.push(`the output ${name} is not computed`);
  }
  if (findings.length > 0)
    throw new ResnetError("ERR_GRAPH", `the graph does not verify:\n  ${findings.join("\n  ")}`);
}

function findingsOf(node: GraphNode, known: ReadonlySet<Tensor>): string[] {
  const where = `${node.op.name}${node.module ? ` in ${node.module}` : ""}`;
  const findings: string[] = [];
  for (const { name, isOptional } of node.op.inputs)
    if (!isOptional && !node.inputs[name]) findings.push(`${where}: ${name} is missing`);
  const allowed = new Set(node.op.inputs.map(({ name }) => name));
  for (const [name, tensor] of Object.entries(node.inputs)) {
    if (!allowed.has(name)) findings.push(`${where}: takes no operand named ${name}`);
    if (!known.has(tensor)) {
      findings.push(
        `${where}: ${name} is ${tensor instanceof Leaf ? "not a leaf of the graph" : "read before it is computed"}`,
      );
    }
  }
  if (findings.length > 0) return findings;
  const specs = node.op.shape(node.inputs, node.attrs);
  for (const { name } of node.op.outputs) {
    const spec = specs[name];
    const tensor = node.outputs[name];
    if (!spec) continue; // an output that this application does not have
    if (!tensor || !sameShape(spec.shape, tensor.shape) || spec.dtype !== tensor.dtype) {
      findings.push(`${where}: ${name} should be ${spec.dtype} ${formatShape(spec.shape)}`);
    }
  }
  return findings;
}
