export {
  createExecutor,
  executorNames,
  registerExecutor,
  type ExecutorFactory,
  type ExecutorOptions,
} from "../executors/create-executor.js";
export { UnavailableError } from "../executors/unavailable-error.js";
export type { Executor, LoadedProgram, RunInputs, RunOutputs } from "../executors/executor.js";
export { scopeOf } from "../executors/scope.js";
export type { ExecutorTraits, Fusion } from "../program/traits.js";
export { WebGpuExecutor, type WebGpuExecutorOptions } from "../executors/webgpu/webgpu-executor.js";
export { ReferenceExecutor } from "../executors/reference/reference-executor.js";
