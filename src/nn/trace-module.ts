import type { Leaf, Tensor } from "../graph/tensor.js";
import { Trace, withTrace, type ModuleCall } from "../graph/trace.js";
import { namedModules, namedState, type AnyModule } from "./module.js";

/** The results of tracing, besides that of `build`. */
export interface TracedModule<T> {
  readonly result: T;
  /** New values of the module's state: running statistics, in training. */
  readonly updates: Map<Leaf, Tensor>;
  /** Every call of a module, innermost first. */
  readonly calls: readonly ModuleCall[];
}

/**
 * Runs `build`, in which modules of `root` can be called. They and their state are named by their paths.
 *
 * @param training whether batch norm uses the batch's statistics and dropout drops
 * @param isFrozen whether a module, by path, stays in evaluation mode. Default: none
 */
export function traceModule<T>(
  root: AnyModule,
  training: boolean,
  build: () => T,
  isFrozen: (path: string) => boolean = () => false,
): TracedModule<T> {
  for (const [path, leaf] of namedState(root)) leaf.name = path;
  const paths = new Map([...namedModules(root)].map(([path, module]) => [module, path]));
  const trace = new Trace(training, paths, isFrozen);
  const result = withTrace(trace, build);
  return { result, updates: trace.updates, calls: trace.calls };
}
