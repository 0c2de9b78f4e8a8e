export {
  createExecutor,
  type ExecutorName,
  type ExecutorOptions,
} from "../executors/create-executor.js";
export type { Executor, LoadedProgram, RunInputs, RunOutputs } from "../executors/executor.js";
export {
  NativeLoadError,
  nativeCapabilities,
  type NativeCapabilities,
} from "../node/native/load-addon.js";
export { NativeExecutor } from "../node/native/native-executor.js";
export { ReferenceExecutor } from "../executors/reference/reference-executor.js";
