import type { Program } from "../../program/program.js";
import { checkHostArray, hostArray, type HostArray } from "../../tensor/host-array.js";
import type { TensorSpec } from "../../tensor/shape.js";
import { QueuedExecutor, type Engine, type EngineProgram } from "../queued-executor.js";
import { checkInstructions } from "../reference/check-instructions.js";
import { GpuDevice } from "./gpu-device.js";
import { createStorage, paddedBytes, Readback, upload, type Region } from "./gpu-memory.js";
import { GpuProgram } from "./gpu-program.js";
import { Pipelines } from "./pipelines.js";
import { placeProgram } from "./place-program.js";
import { requestAdapter, runtimeGpu } from "./request-adapter.js";
import type { ShapeMode } from "./wgsl/assemble.js";

export interface WebGpuExecutorOptions {
  /** Default: `navigator.gpu`, which browsers and Deno have. */
  readonly gpu?: GPU | undefined;
  /** Sizes as constants of the kernels, which is faster to run, or as uniforms, which compiles fewer. Default: constants. */
  readonly shapes?: ShapeMode;
  /** Bytes of the largest buffer on the device. Default: as many as the adapter allows. */
  readonly maxBufferBytes?: number;
  /** Ops that the host computes by their reference rules, to find the kernel that a driver gets wrong. Default: none */
  readonly hostOps?: readonly string[];
}

/** Runs programs on a GPU, by WebGPU. */
export class WebGpuExecutor extends QueuedExecutor {
  private constructor(
    readonly gpu: GpuDevice,
    engine: WebGpuEngine,
  ) {
    super("webgpu", `webgpu, ${gpu.name}`, gpu.traits, engine);
  }

  /** @throws {UnavailableError} `ERR_ADAPTER` if there is no adapter */
  static async create({
    gpu = runtimeGpu(),
    shapes = "constants",
    maxBufferBytes,
    hostOps = [],
  }: WebGpuExecutorOptions = {}): Promise<WebGpuExecutor> {
    const device = await GpuDevice.request(...(await requestAdapter(gpu)), maxBufferBytes);
    const pipelines = new Pipelines(device, shapes);
    return new WebGpuExecutor(device, new WebGpuEngine(device, pipelines, hostOps));
  }
}

/** A state on the device. */
interface State {
  readonly spec: TensorSpec;
  readonly region: Region;
  /** The values of integers, so that the host can check labels. */
  integers?: Int32Array;
}

class WebGpuEngine implements Engine {
  /** Made once and never replaced: loaded programs compute in them. */
  private readonly states = new Map<string, State>();

  constructor(
    private readonly gpu: GpuDevice,
    private readonly pipelines: Pipelines,
    private readonly hostOps: readonly string[],
  ) {}

  async load(program: Program): Promise<EngineProgram> {
    checkInstructions(program);
    const made = new Map<string, State>();
    let loaded: GpuProgram | undefined;
    try {
      return await this.gpu
        .scoped(`the program ${program.name}`, async () => {
          for (const buffer of program.buffers)
            if (buffer.place === "state" && !this.states.has(buffer.name))
              made.set(buffer.name, this.createState(buffer.name, buffer));
          const { gpu, pipelines, hostOps } = this;
          const stateOf = (name: string): Region =>
            (this.states.get(name) ?? made.get(name)!).region;
          const placed = await placeProgram({ gpu, pipelines, hostOps, stateOf }, program);
          loaded = new GpuProgram(gpu, placed, (name) => this.states.get(name)?.integers);
          return loaded;
        })
        .then((ready) => {
          for (const [name, state] of made) this.states.set(name, state);
          return ready;
        });
    } catch (error) {
      loaded?.close(); // memory that was not there shows only after the program was made
      for (const { region } of made.values()) region.buffer.destroy();
      throw error;
    }
  }

  async write(name: string, value: HostArray): Promise<void> {
    checkHostArray(`the state "${name}"`, value, "ERR_STATE");
    const data = value.data.slice();
    let state = this.states.get(name);
    if (!state) {
      state = await this.newState(name, value);
      this.states.set(name, state);
    }
    this.gpu.check();
    upload(this.gpu, state.region, { ...value, data } as HostArray);
    if (data instanceof Int32Array) state.integers = data;
  }

  async read(name: string): Promise<HostArray> {
    this.gpu.check();
    const { spec, region } = this.states.get(name)!;
    const readback = new Readback(this.gpu, [{ spec, region }]);
    const encoder = this.gpu.device.createCommandEncoder();
    readback.encode(encoder);
    this.gpu.device.queue.submit([encoder.finish()]);
    try {
      const [array] = await readback.arrays();
      return array!;
    } finally {
      readback.destroy();
    }
  }

  remove(name: string): void {
    this.states.get(name)!.region.buffer.destroy();
    this.states.delete(name);
  }

  cancel(): void {
    // Commands that were submitted cannot be taken back; the run ends by itself.
  }

  close(): void {
    this.states.clear();
    this.gpu.destroy();
  }

  /** @throws {ResnetError} `ERR_MEMORY` if there is no memory for it; then nothing of it stays */
  private async newState(name: string, spec: TensorSpec): Promise<State> {
    let made: State | undefined;
    try {
      return await this.gpu.scoped(
        `the state "${name}"`,
        () => (made = this.createState(name, spec)),
      );
    } catch (error) {
      made?.region.buffer.destroy(); // memory that was not there shows only after the buffer was made
      throw error;
    }
  }

  private createState(name: string, { shape, dtype }: TensorSpec): State {
    const bytes = paddedBytes({ shape, dtype });
    const region = { buffer: createStorage(this.gpu, bytes, name), offset: 0, bytes };
    const zeros = dtype === "i32" ? { integers: hostArray(shape, undefined, dtype).data } : {};
    return { spec: { shape, dtype }, region, ...zeros };
  }
}
