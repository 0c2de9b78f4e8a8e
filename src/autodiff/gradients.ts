import { inModule } from "../graph/trace.js";
import type { GraphNode, Tensor } from "../graph/tensor.js";
import { add } from "../ops/add.js";
import { constant } from "../ops/constant.js";
import { ResnetError } from "../tensor/error.js";

/**
 * Traces the gradients of a loss by some of the tensors that it was computed from: reverse-mode differentiation in one
 * walk. Each op contributes its own gradient rule; a tensor that is read twice gets the sum of both gradients. Nodes that do
 * not depend on any of `by` are not visited.
 *
 * @param by tensors, most often parameters
 * @param dloss the gradient that the walk starts with, of the loss's shape: PyTorch's `grad_outputs`. Default: ones
 * @returns the gradient of each, with its shape
 * @throws {ResnetError} `ERR_GRADIENT` if the loss does not depend on one of them, or an op on the way has no gradient
 */
export function gradients(
  loss: Tensor,
  by: Iterable<Tensor>,
  dloss: Tensor = constant(1, loss.shape),
): Map<Tensor, Tensor> {
  const targets = [...by];
  const path = nodesBetween(loss, new Set(targets));
  const gradientOf = new Map<Tensor, Tensor>([[loss, dloss]]);
  for (const node of path) {
    const first = node.op.outputs[0]!.name;
    const output = node.outputs[first];
    const dy = output && gradientOf.get(output);
    if (!dy) continue;
    for (const [name, gradient] of Object.entries(differentiate(node, first, dy))) {
      const input = node.inputs[name];
      if (!input || !gradient) continue;
      const other = gradientOf.get(input);
      gradientOf.set(input, other ? add(other, gradient) : gradient);
    }
  }
  return new Map(
    targets.map((target) => {
      const gradient = gradientOf.get(target);
      if (!gradient)
        throw new ResnetError(
          "ERR_GRADIENT",
          "the loss does not depend on one of the tensors to differentiate by",
        );
      gradient.order = target.order; // rules work on axes of memory, and leave the users' names of them out
      return [target, gradient];
    }),
  );
}

function differentiate(
  node: GraphNode,
  output: string,
  dy: Tensor,
): Readonly<Record<string, Tensor | undefined>> {
  const rule = node.op.gradient;
  if (!rule) {
    throw new ResnetError(
      "ERR_GRADIENT",
      `${node.op.name}${node.module ? ` in ${node.module}` : ""} has no gradient`,
    );
  }
  return inModule(node.module, () =>
    rule({ ...node.inputs, ...node.outputs, [`d${output}`]: dy, attrs: node.attrs } as never),
  );
}

/** The nodes on the ways from `targets` to `loss`, last traced first: each before those it reads. */
function nodesBetween(loss: Tensor, targets: ReadonlySet<Tensor>): GraphNode[] {
  const leads = new Map<GraphNode, boolean>();
  const order: GraphNode[] = [];
  const reaches = (tensor: Tensor): boolean => {
    const { node } = tensor;
    if (!node) return targets.has(tensor);
    const known = leads.get(node);
    if (known !== undefined) return known;
    leads.set(node, false);
    let any = Object.values(node.outputs).some((output) => targets.has(output));
    for (const input of Object.values(node.inputs)) if (reaches(input)) any = true;
    leads.set(node, any);
    if (any) order.push(node);
    return any;
  };
  reaches(loss);
  return order.sort((a, b) => b.id - a.id);
}
