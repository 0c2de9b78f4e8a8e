import type { Graph } from "../graph/graph.js";
import { Leaf, type GraphNode, type Tensor } from "../graph/tensor.js";
import { ResnetError } from "../tensor/error.js";
import { bytesPerElement, sizeOf, type TensorSpec } from "../tensor/shape.js";

export const bytesOf = ({ shape, dtype }: TensorSpec): number =>
  sizeOf(shape) * bytesPerElement[dtype];

/**
 * Which tensors share one piece of memory: for each tensor, the first one that had it.
 *
 * An output takes over the memory of an input where its op allows that and nobody reads the input later. The new
 * value of a state takes over the state itself, in place or, if its op does not read the state, after all who do.
 *
 * @param order the nodes in their order of execution
 * @param lastRead position of the last node that reads a tensor; Infinity for values that outlive the run
 * @throws {ResnetError} `ERR_PLAN` if the new value of a state cannot be computed in its place
 */
export function shareMemory(
  graph: Graph,
  order: readonly GraphNode[],
  lastRead: ReadonlyMap<Tensor, number>,
): ReadonlyMap<Tensor, Tensor> {
  const stateOf = newValues(graph);
  const owner = new Map<Tensor, Tensor>();
  const ownerOf = (tensor: Tensor): Tensor => owner.get(tensor) ?? tensor;
  order.forEach((node, position) => {
    const taken = new Set<Tensor>();
    for (const [name, output] of Object.entries(node.outputs)) {
      const allowed = node.op.inPlace?.[name] ?? [];
      const candidates = allowed.flatMap((input) => node.inputs[input] ?? []);
      // A convolution whose shortcut is its own image still reads the image while it writes.
      const isReadElsewhere = (memory: Tensor): boolean =>
        Object.entries(node.inputs).some(
          ([input, tensor]) => !allowed.includes(input) && ownerOf(tensor) === memory,
        );
      const state = stateOf.get(output);
      if (state) {
        const readsState = Object.values(node.inputs).some((tensor) => ownerOf(tensor) === state);
        if (readsState && !candidates.includes(state)) {
          throw new ResnetError(
            "ERR_PLAN",
            `${node.op.name} cannot compute the new value of ${state.name} in its place`,
          );
        }
        owner.set(output, state);
        continue;
      }
      const free = candidates.find(
        (input) =>
          !(ownerOf(input) instanceof Leaf) &&
          !taken.has(ownerOf(input)) &&
          !isReadElsewhere(ownerOf(input)) &&
          (lastRead.get(input) ?? -1) <= position &&
          bytesOf(input) === bytesOf(output),
      );
      if (!free) continue;
      owner.set(output, ownerOf(free));
      taken.add(ownerOf(free));
    }
  });
  return owner;
}

/** The state that each new value replaces. @throws {ResnetError} `ERR_PLAN` if one place would have to hold two values */
function newValues({ updates, outputs }: Graph): ReadonlyMap<Tensor, Leaf> {
  const stateOf = new Map<Tensor, Leaf>();
  for (const [leaf, value] of updates) {
    const other = stateOf.get(value);
    if (value instanceof Leaf || other) {
      const what = other
        ? `that of ${other.name} too`
        : `the ${(value as Leaf).kind} ${(value as Leaf).name}`;
      throw new ResnetError(
        "ERR_PLAN",
        `the new value of ${leaf.name} is ${what}, but state is not copied`,
      );
    }
    stateOf.set(value, leaf);
  }
  for (const [name, tensor] of Object.entries(outputs)) {
    if (tensor instanceof Leaf && updates.has(tensor)) {
      throw new ResnetError(
        "ERR_PLAN",
        `the output ${name} is the old value of ${tensor.name}, which is overwritten`,
      );
    }
  }
  return stateOf;
}
