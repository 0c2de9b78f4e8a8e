import type { Leaf, Tensor } from "../graph/tensor.js";
import { Trace, withTrace, type ModuleCall } from "../graph/trace.js";
import { namedModules, namedState, type Module } from "./module.js";

/** What tracing a module gives besides what `build` returns. */
export interface TracedModule<T> {
  readonly result: T;
  /** New values of the module's state: running statistics, in training. */
  readonly updates: Map<Leaf, Tensor>;
  /** Every call of a module within, innermost first. */
  readonly calls: readonly ModuleCall[];
}

/**
 * Runs `build`, in which modules within `root` can be called, and names them and their state by their paths.
 *
 * @param training whether batch norm uses the batch's statistics and dropout drops
 * @param isFrozen modules, by path, that stay in evaluation mode all the same. Default: none
 */
export function traceModule<T>(
  root: Module,
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
