import type { ExecutorTraits } from "../../program/traits.js";
import { fusions } from "../../program/traits.js";
import { ResnetError } from "../../tensor/error.js";
import type { KernelLimits } from "./kernel.js";
import { UnavailableError } from "../unavailable-error.js";

/** Values of `GPUBufferUsage` and `GPUMapMode`, which are globals in browsers only. */
export const usage = {
  mapRead: 0x1,
  copySource: 0x4,
  copyTarget: 0x8,
  uniform: 0x40,
  storage: 0x80,
  queryResolve: 0x200,
} as const;
export const mapModeRead = 0x1;

/** Storage buffers of one kernel. */
const wantedBindings = 10;

/** A device with what the executor asks of it, and the first error that nobody expected. */
export class GpuDevice {
  private failure: ResnetError | undefined;
  private isDestroyed = false;

  private constructor(
    /** Held, because Dawn in Node ends its threads when this object is collected. */
    readonly gpu: GPU,
    readonly device: GPUDevice,
    readonly info: GPUAdapterInfo,
    private readonly maxBufferBytes: number,
  ) {
    void device.lost.then(({ message }) => {
      if (!this.isDestroyed) this.fail(`the GPU was lost (${firstLine(message)})`);
    });
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.fail(`the GPU reports an error (${firstLine(event.error.message)})`);
    });
  }

  /**
   * @param maxBufferBytes of the largest buffer, if that is to be less than the adapter allows
   * @throws {UnavailableError} `ERR_ADAPTER` if the adapter gives no device
   */
  static async request(
    gpu: GPU,
    adapter: GPUAdapter,
    maxBufferBytes = Infinity,
  ): Promise<GpuDevice> {
    const { limits } = adapter;
    const features: GPUFeatureName[] = adapter.features.has("timestamp-query")
      ? ["timestamp-query"]
      : [];
    try {
      const device = await adapter.requestDevice({
        requiredFeatures: features,
        requiredLimits: {
          maxStorageBuffersPerShaderStage: Math.min(
            wantedBindings,
            limits.maxStorageBuffersPerShaderStage,
          ),
          maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
          maxBufferSize: limits.maxBufferSize,
        },
      });
      return new GpuDevice(gpu, device, adapter.info, maxBufferBytes);
    } catch (cause) {
      const reason = cause instanceof Error ? firstLine(cause.message) : String(cause);
      const summary = `the GPU adapter ${nameOf(adapter.info)} gives no device (${reason})`;
      throw new UnavailableError("ERR_ADAPTER", summary, summary);
    }
  }

  get name(): string {
    return nameOf(this.info);
  }

  get hasTimestamps(): boolean {
    return this.device.features.has("timestamp-query");
  }

  get kernelLimits(): KernelLimits {
    const { maxBindingBytes, maxBufferBytes } = this.traits;
    const maxBindings = this.device.limits.maxStorageBuffersPerShaderStage;
    return { maxBindings, maxBindingBytes, maxBufferBytes };
  }

  /** Workgroups along one dimension of a dispatch. */
  get maxWorkgroups(): number {
    return this.device.limits.maxComputeWorkgroupsPerDimension;
  }

  get traits(): ExecutorTraits {
    const { minStorageBufferOffsetAlignment, maxStorageBufferBindingSize, maxBufferSize } =
      this.device.limits;
    const alignment = minStorageBufferOffsetAlignment;
    const most = Math.min(this.maxBufferBytes, maxBufferSize);
    return {
      alignment,
      maxBindingBytes: maxStorageBufferBindingSize,
      maxBufferBytes: Math.floor(most / alignment) * alignment,
      dtypes: ["f32", "bf16", "i32", "u8"],
      fuses: fusions,
      isBf16Fast: false,
    };
  }

  /** Throws the first unexpected error of the device, if there was one: nothing computes after it. */
  check(): void {
    if (this.failure) throw this.failure;
  }

  /**
   * Makes buffers and pipelines.
   *
   * @throws {ResnetError} `ERR_MEMORY` if the device has no memory for them, `ERR_DEVICE` if it refuses them
   */
  async scoped<T>(what: string, make: () => T | Promise<T>): Promise<T> {
    this.check();
    const { device } = this;
    device.pushErrorScope("validation");
    device.pushErrorScope("out-of-memory");
    let result: T | undefined;
    let thrown: { readonly error: unknown } | undefined;
    try {
      result = await make();
    } catch (error) {
      thrown = { error };
    }
    const [memory, invalid] = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
    if (memory)
      throw new ResnetError(
        "ERR_MEMORY",
        `the GPU has no memory for ${what}: make the batch smaller`,
      );
    if (invalid) throw this.error(`the GPU refuses ${what} (${firstLine(invalid.message)})`);
    if (thrown) throw thrown.error;
    return result as T;
  }

  /** The error behind a rejected promise of the device, most often that it was lost. */
  error(message: string): ResnetError {
    return this.failure ?? new ResnetError("ERR_DEVICE", message);
  }

  destroy(): void {
    this.isDestroyed = true;
    this.device.destroy();
  }

  private fail(finding: string): void {
    const remedy = "start again, and go on from the last checkpoint with --resume";
    this.failure ??= new ResnetError("ERR_DEVICE", `${finding}: ${remedy}`);
  }
}

/** The name of an adapter for people. Its device is a mere number in some runtimes. */
export function nameOf({ description, device, architecture, vendor }: GPUAdapterInfo): string {
  const model = /^(0x)?[\da-f]*$/i.test(device) ? description : device;
  return model || [vendor, architecture].filter((word) => word).join(" ") || "unknown";
}

const firstLine = (text: string): string => text.split("\n")[0]!.slice(0, 300);
