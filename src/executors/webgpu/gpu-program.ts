import type { BufferSpec, Instruction, Program } from "../../program/program.js";
import type { HostArray } from "../../tensor/host-array.js";
import { checkInputs } from "../check-inputs.js";
import type { RunInputs, RunOutputs } from "../executor.js";
import type { EngineProgram } from "../queued-executor.js";
import { execute } from "../reference/execute.js";
import type { GpuDevice } from "./gpu-device.js";
import { Readback, upload, type Region } from "./gpu-memory.js";
import { checkIndices } from "./host-checks.js";
import { Stopwatch } from "./stopwatch.js";

/** A kernel that is ready to run. */
export interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly bindings: GPUBindGroup;
  /** Workgroups along the two dimensions. */
  readonly workgroups: readonly [number, number];
}

/** The work of one instruction: kernels, or none if the host computes it. */
export type Work = readonly Dispatch[] | null;

/** The buffers, pipelines and bind groups of a program on the device. */
export interface Placed {
  readonly program: Program;
  /** By the number of the buffer. */
  readonly regions: readonly Region[];
  /** By the number of the instruction. */
  readonly work: readonly Work[];
  /** Buffers that belong to the program alone. */
  readonly owned: readonly GPUBuffer[];
}

/** A program on the device: all of it is one compute pass, unless the host computes an instruction or times are taken. */
export class GpuProgram implements EngineProgram {
  private readonly outputs: Readback;
  private readonly names: readonly string[];
  private stopwatch: Stopwatch | undefined;
  private elapsed = 0;

  constructor(
    private readonly gpu: GpuDevice,
    private readonly placed: Placed,
    private readonly integersOf: (state: string) => Int32Array | undefined,
  ) {
    const { outputs } = placed.program;
    this.names = Object.keys(outputs);
    this.outputs = this.readbackOf(Object.values(outputs));
  }

  async run(inputs: RunInputs): Promise<RunOutputs> {
    const { program, regions } = this.placed;
    this.gpu.check();
    const given = checkInputs(program, inputs);
    checkIndices(program, given, this.integersOf);
    const start = performance.now();
    program.buffers.forEach((buffer, id) => {
      if (buffer.place === "input") upload(this.gpu, regions[id]!, given.get(buffer.name)!);
    });
    await this.compute();
    const arrays = await this.outputs.arrays();
    await this.stopwatch?.read();
    this.elapsed = 1e6 * (performance.now() - start);
    this.gpu.check();
    return Object.fromEntries(this.names.map((name, i) => [name, arrays[i]!]));
  }

  /**
   * The first call spreads the time of the last run evenly over the instructions. From then on the device measures each
   * instruction, if its adapter can.
   */
  nanoseconds(): Float64Array {
    const count = this.placed.program.instructions.length;
    const times = this.stopwatch?.nanoseconds();
    if (this.gpu.hasTimestamps && count > 0) this.stopwatch ??= new Stopwatch(this.gpu, count);
    return times ?? new Float64Array(count).fill(this.elapsed / count);
  }

  close(): void {
    this.outputs.destroy();
    this.stopwatch?.destroy();
    for (const buffer of this.placed.owned) buffer.destroy();
  }

  /** Submits all instructions, and the copies of the outputs. */
  private async compute(): Promise<void> {
    const { program, work } = this.placed;
    const { device } = this.gpu;
    let encoder = device.createCommandEncoder();
    let pass: GPUComputePassEncoder | undefined;
    const endPass = (): void => {
      pass?.end();
      pass = undefined;
    };
    for (const [i, dispatches] of work.entries()) {
      if (!dispatches) {
        endPass();
        device.queue.submit([encoder.finish()]);
        await this.computeOnHost(program.instructions[i]!);
        encoder = device.createCommandEncoder();
        continue;
      }
      if (this.stopwatch) endPass();
      pass ??= encoder.beginComputePass(this.stopwatch?.passOf(i) ?? {});
      for (const { pipeline, bindings, workgroups } of dispatches) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, bindings);
        pass.dispatchWorkgroups(...workgroups);
      }
    }
    endPass();
    this.outputs.encode(encoder);
    this.stopwatch?.encode(encoder);
    device.queue.submit([encoder.finish()]);
  }

  /** Carries out an instruction that has no kernels by the reference rule of its op. */
  private async computeOnHost({ op, attrs, inputs, outputs }: Instruction): Promise<void> {
    const { program, regions } = this.placed;
    const ids = [...new Set([...Object.values(inputs), ...Object.values(outputs)])];
    const readback = this.readbackOf(ids);
    const encoder = this.gpu.device.createCommandEncoder();
    readback.encode(encoder);
    this.gpu.device.queue.submit([encoder.finish()]);
    const arrays = await readback.arrays();
    readback.destroy();
    const memory: HostArray[] = [];
    ids.forEach((id, i) => (memory[id] = arrays[i]!));
    execute(op, attrs, memory, inputs, outputs);
    for (const id of Object.values(outputs)) {
      const { shape, dtype }: BufferSpec = program.buffers[id]!;
      upload(this.gpu, regions[id]!, { shape, dtype, data: memory[id]!.data } as HostArray);
    }
  }

  private readbackOf(ids: readonly number[]): Readback {
    const { program, regions } = this.placed;
    const parts = ids.map((id) => ({ spec: program.buffers[id]!, region: regions[id]! }));
    return new Readback(this.gpu, parts);
  }
}
