import type { Graph } from "../graph/graph.js";
import { Leaf, type GraphNode, type Tensor } from "../graph/tensor.js";
import type { BufferId, BufferSpec, Instruction, Program } from "../program/program.js";
import { hostTraits, type ExecutorTraits } from "../program/traits.js";
import { ResnetError } from "../tensor/error.js";
import { bytesOf, shareMemory } from "./alias.js";
import { fuse } from "./fuse.js";
import { recompute } from "./recompute.js";
import { planMemory, type Lifetime } from "./memory.js";
import { schedule } from "./schedule.js";

/**
 * Plans a graph: fuses ops, chooses values to recompute, orders the nodes, assigns memory, and writes the program.
 *
 * @param traits of the executor that will run the program. Default: those of the reference executor and the native one
 * @throws {ResnetError} `ERR_PLAN` if the executor cannot hold a value
 */
export function plan(name: string, graph: Graph, traits: ExecutorTraits = hostTraits): Program {
  return lower(name, recompute(fuse(graph, traits.fuses)), traits);
}

/** The program of a graph as it is: order, memory, instructions. */
export function lower(name: string, graph: Graph, traits: ExecutorTraits = hostTraits): Program {
  const order = schedule(graph);
  for (const node of order) requireFits(node, traits);
  const lastRead = lastReads(graph, order);
  const owners = shareMemory(graph, order, lastRead);
  const ownerOf = (tensor: Tensor): Tensor => owners.get(tensor) ?? tensor;

  const used = order.map((node) => usedOutputs(node, lastRead));
  const { arena, lifetimes } = lifetimesOf(order, used, lastRead, ownerOf);
  const { offsets, arenaBytes } = planMemory(lifetimes, traits.alignment, traits.maxBufferBytes);

  const buffers: BufferSpec[] = [];
  const ids = new Map<Tensor, BufferId>();
  const idOf = (tensor: Tensor): BufferId => {
    const owner = ownerOf(tensor);
    // Tensors that share memory share the buffer too, unless their shapes or dtypes differ.
    const key =
      owner.shape.join() === tensor.shape.join() && owner.dtype === tensor.dtype ? owner : tensor;
    const known = ids.get(key);
    if (known !== undefined) return known;
    const { shape, dtype } = key;
    const id = buffers.push(
      owner instanceof Leaf
        ? { shape, dtype, place: owner.kind, name: graph.leaves.get(owner) ?? owner.name }
        : { shape, dtype, place: "arena", offset: offsets[arena.get(owner)!]! },
    );
    ids.set(key, id - 1);
    return id - 1;
  };
  const idsOf = (tensors: Readonly<Record<string, Tensor>>): Record<string, BufferId> =>
    Object.fromEntries(Object.entries(tensors).map(([operand, tensor]) => [operand, idOf(tensor)]));

  const instructions: Instruction[] = order.map((node, i) => ({
    op: node.op.name,
    inputs: idsOf(node.inputs),
    outputs: idsOf(used[i]!),
    attrs: node.attrs,
    module: node.module,
  }));
  return { name, arenaBytes, buffers, instructions, outputs: idsOf(graph.outputs) };
}

/** Refuses a node whose operands the executor cannot hold. */
function requireFits({ op, inputs, outputs, module }: GraphNode, traits: ExecutorTraits): void {
  const { dtypes, maxBindingBytes, maxBufferBytes } = traits;
  const most = Math.min(maxBindingBytes, maxBufferBytes);
  for (const [name, { shape, dtype }] of Object.entries({ ...inputs, ...outputs })) {
    const who = `${op.name}${module ? ` in ${module}` : ""}: ${name}`;
    if (!dtypes.includes(dtype)) {
      const finding = `${who} is ${dtype}, but the executor computes only in ${dtypes.join(", ")}`;
      throw new ResnetError("ERR_PLAN", finding);
    }
    const bytes = bytesOf({ shape, dtype });
    if (bytes > most) {
      const finding = `${who} takes ${bytes} bytes, but the executor takes at most ${most}`;
      throw new ResnetError("ERR_PLAN", `${finding}: make the batch smaller`);
    }
  }
}

/** Position of the last node that reads each tensor. Outputs and new state are read after the end. */
function lastReads(graph: Graph, order: readonly GraphNode[]): Map<Tensor, number> {
  const last = new Map<Tensor, number>();
  order.forEach((node, position) => {
    for (const tensor of Object.values(node.inputs)) last.set(tensor, position);
  });
  for (const tensor of [...Object.values(graph.outputs), ...graph.updates.values()])
    last.set(tensor, Infinity);
  return last;
}

/** The outputs that something reads, and those that the op cannot leave out. */
function usedOutputs(
  node: GraphNode,
  lastRead: ReadonlyMap<Tensor, number>,
): Record<string, Tensor> {
  const used = node.op.outputs.filter(
    ({ name, isOptional }) => !isOptional || lastRead.has(node.outputs[name]!),
  );
  return Object.fromEntries(used.map(({ name }) => [name, node.outputs[name]!]));
}

/** The lifetimes of all memory in the arena: from the first write of its owner to the last read of any tensor that shares it. */
function lifetimesOf(
  order: readonly GraphNode[],
  used: readonly Readonly<Record<string, Tensor>>[],
  lastRead: ReadonlyMap<Tensor, number>,
  ownerOf: (tensor: Tensor) => Tensor,
): { readonly arena: ReadonlyMap<Tensor, number>; readonly lifetimes: readonly Lifetime[] } {
  const arena = new Map<Tensor, number>();
  const lifetimes: { bytes: number; first: number; last: number }[] = [];
  order.forEach((_, position) => {
    for (const tensor of Object.values(used[position]!)) {
      const owner = ownerOf(tensor);
      if (owner instanceof Leaf) continue;
      const last = Math.min(lastRead.get(tensor) ?? position, order.length);
      const known = arena.get(owner);
      if (known === undefined)
        arena.set(owner, lifetimes.push({ bytes: bytesOf(owner), first: position, last }) - 1);
      else lifetimes[known]!.last = Math.max(lifetimes[known]!.last, last);
    }
  });
  return { arena, lifetimes };
}
