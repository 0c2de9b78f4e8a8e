import { formatAttrs } from "../tensor/attrs.js";
import { formatShape } from "../tensor/shape.js";
import type { Graph } from "./graph.js";
import type { Tensor } from "./tensor.js";

/**
 * The graph as text, a line a node:
 *
 *     %3 = conv2d x=%2 weight=layer1.0.conv1.weight {stride=1 padding=1}   f32 [7, 7, 8, 64]   layer1.0.conv1
 *
 * Values are numbered in order of the text, so equal graphs print equal text.
 */
export function printGraph(graph: Graph): string {
  const names = new Map<Tensor, string>(graph.leaves);
  const lines = [...graph.leaves]
    .sort(([, a], [, b]) => (a < b ? -1 : 1))
    .map(([leaf, name]) => `${leaf.kind} ${name}   ${leaf.dtype} ${formatShape(leaf.shape)}`);
  let count = 0;
  const nameOf = (tensor: Tensor): string => names.get(tensor) ?? "%?";
  for (const node of graph.nodes) {
    const operands = Object.entries(node.inputs).map(
      ([name, tensor]) => `${name}=${nameOf(tensor)}`,
    );
    for (const tensor of Object.values(node.outputs)) names.set(tensor, `%${count++}`);
    const results = Object.values(node.outputs).map(nameOf).join(", ");
    const attrs = Object.keys(node.attrs).length > 0 ? ` {${formatAttrs(node.attrs)}}` : "";
    const specs = Object.values(node.outputs)
      .map(({ dtype, shape }) => `${dtype} ${formatShape(shape)}`)
      .join(", ");
    lines.push(
      `${results} = ${[node.op.name, ...operands].join(" ")}${attrs}   ${specs}   ${node.module}`.trimEnd(),
    );
  }
  for (const [leaf, value] of graph.updates)
    lines.push(`update ${nameOf(leaf)} = ${nameOf(value)}`);
  for (const [name, value] of Object.entries(graph.outputs))
    lines.push(`output ${name} = ${nameOf(value)}`);
  return `${lines.join("\n")}\n`;
}
