import type { GpuDevice } from "./gpu-device.js";
import { assemble, type Access, type BoundKernel, type ShapeMode } from "./wgsl/assemble.js";

/** A compiled kernel. */
export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Compiles kernels, each text once. */
export class Pipelines {
  private readonly layouts = new Map<string, GPUBindGroupLayout>();
  private readonly compiled = new Map<string, Promise<Pipeline>>();

  constructor(
    private readonly gpu: GpuDevice,
    readonly mode: ShapeMode,
  ) {}

  /** How many pipelines there are. */
  get count(): number {
    return this.compiled.size;
  }

  of(bound: BoundKernel): Promise<Pipeline> {
    const code = assemble(bound, this.mode);
    let pipeline = this.compiled.get(code);
    if (!pipeline) {
      pipeline = this.compile(code, bound);
      this.compiled.set(code, pipeline);
      pipeline.catch(() => this.compiled.delete(code));
    }
    return pipeline;
  }

  private async compile(code: string, { kernel, accesses }: BoundKernel): Promise<Pipeline> {
    const { device } = this.gpu;
    const layout = this.layoutOf(accesses);
    const module = device.createShaderModule({ label: kernel.name, code });
    try {
      const pipeline = await device.createComputePipelineAsync({
        label: kernel.name,
        layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: "main" },
      });
      return { pipeline, layout };
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw this.gpu.error(`the GPU does not compile the kernel ${kernel.name} (${reason})`);
    }
  }

  private layoutOf(accesses: readonly Access[]): GPUBindGroupLayout {
    const key = accesses.join();
    let layout = this.layouts.get(key);
    if (!layout) {
      const buffers: GPUBufferBindingLayout[] = accesses.map((access) => ({
        type: access === "read" ? "read-only-storage" : "storage",
      }));
      if (this.mode === "uniforms") buffers.push({ type: "uniform" });
      layout = this.gpu.device.createBindGroupLayout({
        entries: buffers.map((buffer, binding) => ({
          binding,
          visibility: 0x4, // compute
          buffer,
        })),
      });
      this.layouts.set(key, layout);
    }
    return layout;
  }
}
