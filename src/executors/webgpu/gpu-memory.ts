import { elementArrays, type HostArray } from "../../tensor/host-array.js";
import { bytesPerElement, sizeOf, type TensorSpec } from "../../tensor/shape.js";
import { mapModeRead, usage, type GpuDevice } from "./gpu-device.js";

/** A part of a buffer on the device. */
export interface Region {
  readonly buffer: GPUBuffer;
  /** In bytes. */
  readonly offset: number;
  /** A multiple of 4. */
  readonly bytes: number;
}

/** Bytes of a tensor on the device, which moves words. */
export const paddedBytes = ({ shape, dtype }: TensorSpec): number =>
  Math.ceil((sizeOf(shape) * bytesPerElement[dtype]) / 4) * 4;

/** A zero-filled buffer for kernels. Its errors go to the scope around the call. */
export const createStorage = ({ device }: GpuDevice, bytes: number, label: string): GPUBuffer =>
  device.createBuffer({
    label,
    size: Math.max(4, bytes),
    usage: usage.storage | usage.copySource | usage.copyTarget,
  });

/** Writes an array into a region, before anything that is submitted later. The array is copied at once. */
export function upload(
  { device }: GpuDevice,
  { buffer, offset }: Region,
  { data }: HostArray,
): void {
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  const whole = bytes.length - (bytes.length % 4);
  if (whole > 0) device.queue.writeBuffer(buffer, offset, bytes, 0, whole);
  if (whole === bytes.length) return;
  const rest = new Uint8Array(4);
  rest.set(bytes.subarray(whole));
  device.queue.writeBuffer(buffer, offset + whole, rest);
}

/** Memory into which results are copied for the host. */
export class Readback {
  private readonly staging: GPUBuffer;
  private readonly offsets: readonly number[];

  constructor(
    private readonly gpu: GpuDevice,
    private readonly parts: readonly { readonly spec: TensorSpec; readonly region: Region }[],
  ) {
    let bytes = 0;
    this.offsets = parts.map(({ spec }) => {
      const offset = bytes;
      bytes += Math.ceil(paddedBytes(spec) / 8) * 8;
      return offset;
    });
    this.staging = gpu.device.createBuffer({
      label: "readback",
      size: Math.max(8, bytes),
      usage: usage.mapRead | usage.copyTarget,
    });
  }

  /** Adds the copies to the commands. */
  encode(encoder: GPUCommandEncoder): void {
    this.parts.forEach(({ spec, region: { buffer, offset } }, i) => {
      const bytes = paddedBytes(spec);
      encoder.copyBufferToBuffer(buffer, offset, this.staging, this.offsets[i]!, bytes);
    });
  }

  /** The parts as arrays, when the commands have run. */
  async arrays(): Promise<readonly HostArray[]> {
    if (this.parts.length === 0) return [];
    try {
      await this.staging.mapAsync(mapModeRead);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw this.gpu.error(`the GPU did not give its results back (${reason})`);
    }
    const mapped = this.staging.getMappedRange();
    const arrays = this.parts.map(({ spec: { shape, dtype } }, i) => {
      const data = new elementArrays[dtype](mapped, this.offsets[i]!, sizeOf(shape)).slice();
      return { shape, dtype, data } as HostArray;
    });
    this.staging.unmap();
    return arrays;
  }

  destroy(): void {
    this.staging.destroy();
  }
}
