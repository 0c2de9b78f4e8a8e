import { ResnetError } from "../tensor/error.js";
import { Leaf, type GraphNode, type Tensor } from "./tensor.js";

/** A computation: its nodes, and the values to keep. Passes make new graphs from old ones. */
export interface Graph {
  /** In an order of execution: every node after those it reads. */
  readonly nodes: readonly GraphNode[];
  /** Names of the leaves when the graph was made. */
  readonly leaves: ReadonlyMap<Leaf, string>;
  /** Copied to the host after a run. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** State, and the value it takes at the end of a run. */
  readonly updates: ReadonlyMap<Leaf, Tensor>;
}

/**
 * The graph that computes `outputs` and `updates`; nodes that contribute to neither are left out.
 *
 * @param names of leaves whose name in the graph differs from their present one; passes hand them on
 * @throws {ResnetError} `ERR_GRAPH` if two leaves share a name, or a leaf has no name
 */
export function graphOf(
  outputs: Readonly<Record<string, Tensor>>,
  updates: ReadonlyMap<Leaf, Tensor> = new Map(),
  names: ReadonlyMap<Leaf, string> = new Map(),
): Graph {
  const nodes = new Set<GraphNode>();
  const leaves = new Map<Leaf, string>();
  const pending: Tensor[] = [...Object.values(outputs), ...updates.keys(), ...updates.values()];
  for (let tensor = pending.pop(); tensor; tensor = pending.pop()) {
    if (tensor instanceof Leaf) leaves.set(tensor, names.get(tensor) ?? tensor.name);
    if (!tensor.node || nodes.has(tensor.node)) continue;
    nodes.add(tensor.node);
    pending.push(...Object.values(tensor.node.inputs));
  }
  const seen = new Map<string, Leaf>();
  for (const [leaf, name] of leaves) {
    if (name === "") {
      throw new ResnetError(
        "ERR_GRAPH",
        "a parameter of the graph has no name: it must be in a public field of the traced module",
      );
    }
    if (seen.has(name)) {
      throw new ResnetError(
        "ERR_GRAPH",
        `two leaves of the graph are named "${name}": names must be unique`,
      );
    }
    seen.set(name, leaf);
  }
  return { nodes: [...nodes].sort((a, b) => a.id - b.id), leaves, outputs, updates };
}

/** For every tensor, the nodes that read it, in order. */
export function readersOf(graph: Graph): ReadonlyMap<Tensor, readonly GraphNode[]> {
  const readers = new Map<Tensor, GraphNode[]>();
  for (const node of graph.nodes) {
    for (const tensor of new Set(Object.values(node.inputs))) {
      const list = readers.get(tensor);
      if (list) list.push(node);
      else readers.set(tensor, [node]);
    }
  }
  return readers;
}
