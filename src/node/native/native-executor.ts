import type { Program } from "../../program/program.js";
import { verifyProgram } from "../../program/verify.js";
import { ResnetError } from "../../tensor/error.js";
import type { HostArray } from "../../tensor/host-array.js";
import type { TensorSpec } from "../../tensor/shape.js";
import type { Executor, LoadedProgram, RunInputs, RunOutputs } from "../../executors/executor.js";
import { RunQueue } from "../../executors/run-queue.js";
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
export class NativeExecutor implements Executor {
  readonly name = "native";
  readonly description: string;
  private addon: AddonExecutor | undefined;
  private readonly runs = new RunQueue();

  /**
   * @throws {NativeLoadError} if the engine cannot be loaded
   * @throws {ResnetError} `ERR_ISA` for a `RESNET_ISA` that is not supported here, `ERR_THREADS`
   */
  constructor({ threads }: NativeExecutorOptions = {}) {
    const addon = loadAddon();
    this.addon = withCodes(() => new addon.Executor(threads ?? addon.capabilities().physicalCores));
    const count = this.addon.threads;
    this.description = `native, ${this.addon.isa}, ${count} ${count === 1 ? "thread" : "threads"}`;
  }

  load(program: Program): LoadedProgram {
    const executor = this.open();
    const native = withCodes(() => executor.load(program));
    verifyProgram(program); // the engine has checked all but that values are written before they are read
    return {
      program,
      run: (inputs = {}) => this.enqueue(native, inputs),
      nanoseconds: () => withCodes(() => native.nanoseconds()),
    };
  }

  write(name: string, value: HostArray): void {
    const executor = this.open();
    this.runs.requireIdle(`the state "${name}" is written`);
    withCodes(() => {
      executor.write(name, value);
    });
  }

  read(name: string): HostArray {
    const executor = this.open();
    this.runs.requireIdle(`the state "${name}" is read`);
    return withCodes(() => executor.read(name));
  }

  states(): ReadonlyMap<string, TensorSpec> {
    return new Map(
      this.open()
        .states()
        .map(({ name, shape, dtype }) => [name, { shape, dtype }]),
    );
  }

  async close(): Promise<void> {
    const executor = this.addon;
    this.addon = undefined;
    await this.runs.idle();
    executor?.close();
  }

  private open(): AddonExecutor {
    if (!this.addon) throw new ResnetError("ERR_CLOSED", "the executor is closed");
    return this.addon;
  }

  private async enqueue(program: AddonProgram, inputs: RunInputs): Promise<RunOutputs> {
    this.open();
    // A run that has to wait keeps the values that its inputs have now.
    const values = this.runs.isBusy ? snapshot(inputs) : inputs;
    try {
      return await this.runs.add(async () => program.run(values));
    } catch (error) {
      throw asResnetError(error);
    }
  }
}

const snapshot = (inputs: RunInputs): RunInputs =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [
      name,
      typeof value === "object" && ArrayBuffer.isView(value.data)
        ? { ...value, data: value.data.slice() }
        : value,
    ]),
  );
