import { ResnetError } from "../tensor/error.js";
import type { Executor } from "./executor.js";
import { ReferenceExecutor } from "./reference/reference-executor.js";
import { UnavailableError } from "./unavailable-error.js";

export interface ExecutorOptions {
  /** Threads of the native executor. Default: the physical cores that the process may use. */
  readonly threads?: number | undefined;
  /** The adapter of the WebGPU executor: its number in `resnet doctor`, or a part of its name. Default: the system's choice. */
  readonly adapter?: string | undefined;
  /** Called with one line if the executor will be slow: another one was not available, or threads share processors. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** @throws {UnavailableError} if this machine cannot run it */
export type ExecutorFactory = (options: ExecutorOptions) => Promise<Executor>;

const factories = new Map<string, ExecutorFactory>([
  ["reference", async () => new ReferenceExecutor()],
  ["webgpu", async () => createInPage()],
]);

/** The WebGPU executor of a runtime that has WebGPU itself, as browsers and Deno. Loaded when it is first wanted. */
async function createInPage(): Promise<Executor> {
  const { WebGpuExecutor } = await import("./webgpu/webgpu-executor.js");
  return WebGpuExecutor.create();
}

/** Makes an executor known to `createExecutor` by name. `auto` prefers what was registered last. */
export function registerExecutor(name: string, factory: ExecutorFactory): void {
  factories.delete(name);
  factories.set(name, factory);
}

/** The names that `createExecutor` takes, `auto` first. */
export const executorNames = (): readonly string[] => ["auto", ...[...factories.keys()].reverse()];

/**
 * The executor of that name. `auto` takes the first that this machine can run: in Node the native one, in a page the one
 * on the GPU, and at last the reference.
 *
 * @throws {UnavailableError} if the named one cannot run here
 * @throws {ResnetError} `ERR_EXECUTOR` if there is none of that name
 */
export async function createExecutor(
  name = "auto",
  options: ExecutorOptions = {},
): Promise<Executor> {
  if (name !== "auto") return factoryOf(name)(options);
  const reasons: string[] = [];
  for (const factory of [...factories.values()].reverse()) {
    try {
      const executor = await factory(options);
      for (const reason of reasons)
        options.onNotice?.(
          `${reason}; running on the ${executor.name} executor${executor.name === "reference" ? ", which is slow" : ""}`,
        );
      return executor;
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      reasons.push(error.summary);
    }
  }
  throw new ResnetError("ERR_EXECUTOR", reasons.join("; "));
}

function factoryOf(name: string): ExecutorFactory {
  const factory = factories.get(name);
  if (factory) return factory;
  throw new ResnetError(
    "ERR_EXECUTOR",
    `no executor is named "${name}"; there are: ${executorNames().join(", ")}`,
  );
}
