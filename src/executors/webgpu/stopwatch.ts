import { mapModeRead, usage, type GpuDevice } from "./gpu-device.js";

/** Instructions whose times fit into one set of queries, which has at most 4096. */
const perSet = 2048;

/** Takes the time of every instruction of a run, by timestamps around a compute pass of its own. */
export class Stopwatch {
  private readonly sets: readonly GPUQuerySet[];
  private readonly resolved: GPUBuffer;
  private readonly staging: GPUBuffer;
  private times: Float64Array | undefined;

  constructor(
    gpu: GpuDevice,
    private readonly instructions: number,
  ) {
    const { device } = gpu;
    const bytes = 16 * instructions;
    this.sets = Array.from({ length: Math.ceil(instructions / perSet) }, (_, i) =>
      device.createQuerySet({
        type: "timestamp",
        count: 2 * Math.min(perSet, instructions - i * perSet),
      }),
    );
    this.resolved = device.createBuffer({
      size: bytes,
      usage: usage.queryResolve | usage.copySource,
    });
    this.staging = device.createBuffer({ size: bytes, usage: usage.mapRead | usage.copyTarget });
  }

  /** The description of the pass of an instruction. */
  passOf(instruction: number): GPUComputePassDescriptor {
    const querySet = this.sets[Math.floor(instruction / perSet)]!;
    const first = 2 * (instruction % perSet);
    return {
      timestampWrites: {
        querySet,
        beginningOfPassWriteIndex: first,
        endOfPassWriteIndex: first + 1,
      },
    };
  }

  encode(encoder: GPUCommandEncoder): void {
    this.sets.forEach((set, i) =>
      encoder.resolveQuerySet(set, 0, set.count, this.resolved, 16 * perSet * i),
    );
    encoder.copyBufferToBuffer(this.resolved, 0, this.staging, 0, 16 * this.instructions);
  }

  /** Fetches the times of the run that was submitted. */
  async read(): Promise<void> {
    await this.staging.mapAsync(mapModeRead);
    const stamps = new BigUint64Array(this.staging.getMappedRange());
    this.times = Float64Array.from({ length: this.instructions }, (_, i) =>
      Math.max(0, Number(stamps[2 * i + 1]! - stamps[2 * i]!)),
    );
    this.staging.unmap();
  }

  /** Nanoseconds of each instruction in the last run; undefined before the first run. */
  nanoseconds(): Float64Array | undefined {
    return this.times?.slice();
  }

  destroy(): void {
    for (const set of this.sets) set.destroy();
    this.resolved.destroy();
    this.staging.destroy();
  }
}
