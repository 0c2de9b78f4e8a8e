import type { BufferSpec, Program } from "../../program/program.js";
import { bindKernel, type PlacedKernel } from "./bind-kernel.js";
import type { GpuDevice } from "./gpu-device.js";
import { createStorage, paddedBytes, upload, type Region } from "./gpu-memory.js";
import type { Dispatch, Placed, Work } from "./gpu-program.js";
import type { Kernel, Value } from "./kernel.js";
import { kernelsOf } from "./kernels/all.js";
import { usage } from "./gpu-device.js";
import type { Pipelines } from "./pipelines.js";
import { uniformsOf } from "./wgsl/assemble.js";

/** The resources that the programs of one executor share. */
export interface Surroundings {
  readonly gpu: GpuDevice;
  readonly pipelines: Pipelines;
  /** Ops that the host computes. */
  readonly hostOps: readonly string[];
  /** The region of a state. */
  readonly stateOf: (name: string) => Region;
}

/** Gives a program its memory, and compiles its kernels, all at once. */
export async function placeProgram(
  { gpu, pipelines, hostOps, stateOf }: Surroundings,
  program: Program,
): Promise<Placed> {
  const owned: GPUBuffer[] = [];
  const own = (bytes: number, label: string): GPUBuffer => {
    const buffer = createStorage(gpu, bytes, label);
    owned.push(buffer);
    return buffer;
  };
  try {
    const regions = placeBuffers(program, own, gpu.traits.maxBufferBytes, stateOf);
    const made = program.instructions.map((instruction) =>
      hostOps.includes(instruction.op)
        ? null
        : kernelsOf(instruction, program.buffers, gpu.kernelLimits),
    );
    const scratchBytes = Math.max(0, ...made.map((each) => each?.scratchBytes ?? 0));
    const scratch = scratchBytes > 0 ? own(scratchBytes, "scratch") : undefined;
    const regionOf = (value: Value): Region => {
      const bytes = paddedBytes(value);
      switch (value.at.kind) {
        case "buffer":
          return regions[value.at.id]!;
        case "scratch":
          return { buffer: scratch!, offset: value.at.offset, bytes };
        case "table": {
          const region = { buffer: own(bytes, "table"), offset: 0, bytes };
          upload(gpu, region, { shape: value.shape, dtype: "f32", data: value.at.values });
          return region;
        }
      }
    };
    const place = (kernel: Kernel): PlacedKernel => bindKernel(kernel, regionOf);
    const placed = made.map((each) => each?.kernels.map(place) ?? null);
    const uniforms =
      pipelines.mode === "uniforms"
        ? uniformRegions(
            gpu,
            placed.flatMap((each) => each ?? []),
            owned,
          )
        : undefined;
    const work: Promise<Work>[] = placed.map(async (kernels) =>
      kernels
        ? Promise.all(kernels.map((each) => dispatchOf(gpu, pipelines, each, uniforms)))
        : null,
    );
    return { program, regions, work: await Promise.all(work), owned };
  } catch (error) {
    for (const buffer of owned) buffer.destroy();
    throw error;
  }
}

/**
 * The regions of a program's buffers. An arena that is larger than a buffer can be is cut: no value of it lies across a multiple
 * of `maxBufferBytes`.
 */
function placeBuffers(
  { arenaBytes, buffers }: Program,
  own: (bytes: number, label: string) => GPUBuffer,
  maxBufferBytes: number,
  stateOf: (name: string) => Region,
): readonly Region[] {
  const arenas = Array.from({ length: Math.ceil(arenaBytes / maxBufferBytes) }, (_, i) =>
    own(Math.ceil(Math.min(maxBufferBytes, arenaBytes - i * maxBufferBytes) / 4) * 4, "arena"),
  );
  return buffers.map((buffer: BufferSpec): Region => {
    const bytes = paddedBytes(buffer);
    if (buffer.place === "state") return stateOf(buffer.name);
    if (buffer.place === "input") return { buffer: own(bytes, buffer.name), offset: 0, bytes };
    const arena = arenas[Math.floor(buffer.offset / maxBufferBytes)]!;
    return { buffer: arena, offset: buffer.offset % maxBufferBytes, bytes };
  });
}

/** The sizes of all kernels in one uniform buffer. */
function uniformRegions(
  gpu: GpuDevice,
  kernels: readonly PlacedKernel[],
  owned: GPUBuffer[],
): ReadonlyMap<PlacedKernel, Region> {
  const step = gpu.device.limits.minUniformBufferOffsetAlignment;
  const stepOf = ({ kernel }: PlacedKernel): number =>
    Math.ceil(uniformsOf(kernel).byteLength / step) * step;
  const bytes = kernels.reduce((sum, each) => sum + stepOf(each), 0);
  const buffer = gpu.device.createBuffer({
    label: "sizes",
    size: Math.max(step, bytes),
    usage: usage.uniform | usage.copyTarget,
  });
  owned.push(buffer);
  let offset = 0;
  return new Map(
    kernels.map((each) => {
      const values = uniformsOf(each.kernel);
      const region = { buffer, offset, bytes: values.byteLength };
      gpu.device.queue.writeBuffer(buffer, offset, values);
      offset += stepOf(each);
      return [each, region];
    }),
  );
}

async function dispatchOf(
  gpu: GpuDevice,
  pipelines: Pipelines,
  placed: PlacedKernel,
  uniforms: ReadonlyMap<PlacedKernel, Region> | undefined,
): Promise<Dispatch> {
  const { pipeline, layout } = await pipelines.of(placed);
  const regions = [...placed.regions, ...(uniforms ? [uniforms.get(placed)!] : [])];
  const bindings = gpu.device.createBindGroup({
    layout,
    entries: regions.map(({ buffer, offset, bytes }, binding) => ({
      binding,
      resource: { buffer, offset, size: bytes },
    })),
  });
  const { workgroups } = placed.kernel;
  const rows = Math.ceil(workgroups / gpu.maxWorkgroups);
  return { pipeline, bindings, workgroups: [Math.ceil(workgroups / rows), rows] };
}
