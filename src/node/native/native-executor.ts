import type { RunInputs, RunOutputs } from "../../executors/executor.js";
import {
  QueuedExecutor,
  type Engine,
  type EngineProgram,
} from "../../executors/queued-executor.js";
import type { Program } from "../../program/program.js";
import { hostTraits } from "../../program/traits.js";
import type { HostArray } from "../../tensor/host-array.js";
import {
  asResnetError,
  loadAddon,
  withCodes,
  type AddonExecutor,
  type AddonProgram,
} from "./load-addon.js";

export interface NativeExecutorOptions {
  /** 1 … 1024. Default: the physical cores this process may use. */
  readonly threads?: number | undefined;
}

/** Runs programs on the C++ engine, off the JavaScript thread. */
export class NativeExecutor extends QueuedExecutor {
  /**
   * @throws {NativeLoadError} if the engine cannot be loaded
   * @throws {ResnetError} `ERR_ISA` for a `RESNET_ISA` that is not supported here, `ERR_THREADS`
   */
  constructor({ threads }: NativeExecutorOptions = {}) {
    const addon = loadAddon();
    const { physicalCores, bf16 } = withCodes(() => addon.capabilities());
    const executor = withCodes(() => new addon.Executor(threads ?? physicalCores));
    const count = `${executor.threads} ${executor.threads === 1 ? "thread" : "threads"}`;
    const description = `native, ${executor.isa}, ${count}`;
    super("native", description, { ...hostTraits, isBf16Fast: bf16 }, new NativeEngine(executor));
  }
}

class NativeEngine implements Engine {
  constructor(private readonly addon: AddonExecutor) {}

  load(program: Program): EngineProgram {
    const native = withCodes(() => this.addon.load(program));
    return {
      run: (inputs) => run(native, inputs),
      nanoseconds: () => withCodes(() => native.nanoseconds()),
      close: () => native.close(),
    };
  }

  write(name: string, value: HostArray): void {
    withCodes(() => this.addon.write(name, value));
  }

  read(name: string): HostArray {
    return withCodes(() => this.addon.read(name));
  }

  remove(name: string): void {
    withCodes(() => this.addon.remove(name));
  }

  cancel(): void {
    this.addon.cancel();
  }

  close(): void {
    this.addon.close();
  }
}

async function run(native: AddonProgram, inputs: RunInputs): Promise<RunOutputs> {
  try {
    return await native.run(inputs);
  } catch (error) {
    throw asResnetError(error);
  }
}
