export {
  createExecutor,
  executorNames,
  registerExecutor,
  UnavailableError,
  type ExecutorFactory,
  type ExecutorOptions,
} from "../executors/create-executor.js";
export type { Executor, LoadedProgram, RunInputs, RunOutputs } from "../executors/executor.js";
export { scopeOf } from "../executors/scope.js";
export type { ExecutorTraits, Fusion } from "../program/traits.js";
export { ReferenceExecutor } from "../executors/reference/reference-executor.js";
