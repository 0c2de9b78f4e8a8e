import { readersOf, type Graph } from "../graph/graph.js";
import type { GraphNode, Tensor } from "../graph/tensor.js";

/**
 * The order in which the nodes run: as traced, but every update of state (an optimiser's step, running statistics)
 * as early as it may be. That ends the lifetime of a gradient right after it was computed, while it is still in
 * cache. An update waits for everyone who reads the old value, because it overwrites it.
 */
export function schedule(graph: Graph): readonly GraphNode[] {
  const readers = readersOf(graph);
  const written = new Map<GraphNode, Tensor[]>(); // updating node → the state it overwrites
  for (const [leaf, { node }] of graph.updates) {
    if (node) written.set(node, [...(written.get(node) ?? []), leaf]);
  }
  const order = graph.nodes.filter((node) => !written.has(node));
  const position = new Map(order.map((node, index) => [node, index]));
  const waiting = new Map<number, GraphNode[]>(); // position → updates that run right after it
  for (const [node, overwritten] of written) {
    const producers = Object.values(node.inputs).flatMap((tensor) => tensor.node ?? []);
    const oldReaders = overwritten.flatMap((tensor) => readers.get(tensor) ?? []);
    const after = Math.max(-1, ...[...producers, ...oldReaders].map((other) => position.get(other) ?? -1));
    waiting.set(after, [...(waiting.get(after) ?? []), node]);
  }
  return [...(waiting.get(-1) ?? []), ...order.flatMap((node, index) => [node, ...(waiting.get(index) ?? [])])];
}
