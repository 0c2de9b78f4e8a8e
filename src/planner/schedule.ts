import { readersOf, type Graph } from "../graph/graph.js";
import type { GraphNode, Tensor } from "../graph/tensor.js";
import { ResnetError } from "../tensor/error.js";

/**
 * The order in which the nodes run: as traced, but every update of state (an optimiser's step, running statistics)
 * as early as it may be. That ends the lifetime of a gradient right after it was computed, while it is still in
 * cache. An update waits for everyone who reads the old value, because it overwrites it.
 *
 * @throws {ResnetError} `ERR_PLAN` if something needs a state's new value, and the old one too
 */
export function schedule(graph: Graph): readonly GraphNode[] {
  const readers = readersOf(graph);
  const written = new Map<GraphNode, Tensor[]>(); // updating node → the state it overwrites
  for (const [leaf, { node }] of graph.updates) {
    if (node) written.set(node, [...(written.get(node) ?? []), leaf]);
  }
  const followers = new Map<GraphNode, GraphNode[]>(graph.nodes.map((node) => [node, []]));
  const missing = new Map<GraphNode, number>(); // how many nodes must still run before this one
  for (const node of graph.nodes) {
    const producers = Object.values(node.inputs).flatMap((tensor) => tensor.node ?? []);
    const oldReaders = (written.get(node) ?? []).flatMap((tensor) => readers.get(tensor) ?? []);
    const before = new Set([...producers, ...oldReaders]);
    before.delete(node);
    missing.set(node, before.size);
    for (const other of before) followers.get(other)?.push(node);
  }

  const order: GraphNode[] = [];
  const run = (node: GraphNode): void => {
    order.push(node);
    missing.set(node, -1); // so that it runs once
    for (const follower of followers.get(node)!) missing.set(follower, missing.get(follower)! - 1);
    for (const follower of followers.get(node)!)
      if (written.has(follower) && missing.get(follower) === 0) run(follower);
  };
  for (const node of written.keys()) if (missing.get(node) === 0) run(node);
  // One round, but where someone reads a new value that has to wait for a later reader of the old one.
  for (let before = -1; before < order.length;) {
    before = order.length;
    for (const node of graph.nodes) if (!written.has(node) && missing.get(node) === 0) run(node);
  }
  const stuck = graph.nodes.find((node) => missing.get(node) !== -1);
  if (stuck) {
    throw new ResnetError(
      "ERR_PLAN",
      `${stuck.op.name} needs both the old and the new value of a state, which share one place`,
    );
  }
  return order;
}
