import type { Executor } from "./executor.js";
import { NativeExecutor } from "../node/native/native-executor.js";
import { nativeCapabilities, NativeLoadError } from "../node/native/load-addon.js";
import { ReferenceExecutor } from "./reference/reference-executor.js";

export type ExecutorName = "auto" | "native" | "reference";

export interface ExecutorOptions {
  /** Threads of the native executor. Default: the physical cores that the process may use. */
  readonly threads?: number | undefined;
  /** Called with one line when `auto` falls back to the reference executor, or threads have to share processors. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/**
 * The executor of that name; `auto` is the native one where it can be loaded, and else the reference.
 *
 * @throws {NativeLoadError} if `native` was asked for and cannot be loaded
 */
export function createExecutor(
  name: ExecutorName = "auto",
  { threads, onNotice }: ExecutorOptions = {},
): Executor {
  if (name === "reference") return new ReferenceExecutor();
  try {
    const executor = new NativeExecutor({ threads });
    const processors = nativeCapabilities().threads;
    if (threads !== undefined && threads > processors)
      onNotice?.(`${threads} threads share ${processors} processors and wait for each other: slow`);
    return executor;
  } catch (error) {
    if (name === "native" || !(error instanceof NativeLoadError)) throw error;
    onNotice?.(`${error.summary}; running on the reference executor, which is slow`);
    return new ReferenceExecutor();
  }
}

/** Whether bf16 is faster than fp32 on the executor that `createExecutor` would make. */
export function prefersBf16(name: ExecutorName = "auto"): boolean {
  if (name === "reference") return false;
  try {
    return nativeCapabilities().bf16;
  } catch (error) {
    if (error instanceof NativeLoadError) return false;
    throw error;
  }
}
