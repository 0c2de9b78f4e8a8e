import { existsSync } from "node:fs";
import { UnavailableError } from "../../src/executors/unavailable-error.js";
import type { Executor } from "../../src/executors/executor.js";
import {
  WebGpuExecutor,
  type WebGpuExecutorOptions,
} from "../../src/executors/webgpu/webgpu-executor.js";
import { openDawn } from "../../src/node/webgpu/dawn.js";

/** A GPU in software, which comes with Chromium. Tests take it unless `VK_ICD_FILENAMES` names a driver. */
const swiftShader = "/usr/lib/chromium/vk_swiftshader_icd.json";

if (existsSync(swiftShader)) process.env["VK_ICD_FILENAMES"] ??= swiftShader;

/** A new executor, to be closed by the test. Sizes are uniforms by default, so that tests compile fewer kernels. */
export const createWebGpu = async (options?: WebGpuExecutorOptions): Promise<WebGpuExecutor> =>
  WebGpuExecutor.create({ gpu: await openDawn(), shapes: "uniforms", ...options });

/** WebGPU whose adapter has lower limits than the real one, or fewer features. */
export const withLimits = (
  gpu: GPU,
  limits: Partial<Record<keyof GPUSupportedLimits, number>>,
  features?: readonly string[],
): GPU =>
  ({
    async requestAdapter(options?: GPURequestAdapterOptions) {
      const adapter = (await gpu.requestAdapter(options))!;
      return {
        limits: new Proxy(adapter.limits, {
          get: (own, name) =>
            limits[name as keyof GPUSupportedLimits] ?? Reflect.get(own, name, own),
        }),
        features: features ? new Set(features) : adapter.features,
        info: adapter.info,
        requestDevice: (descriptor?: GPUDeviceDescriptor) => adapter.requestDevice(descriptor),
      };
    },
  }) as unknown as GPU;

async function reasonToSkip(): Promise<string> {
  try {
    await (await createWebGpu()).close();
    return "";
  } catch (error) {
    if (error instanceof UnavailableError)
      return `${error.message}; for tests: apt install chromium libvulkan1`;
    throw error;
  }
}

/** Why there is no WebGPU executor; empty where there is one. */
export const webgpuSkip = await reasonToSkip();

/** The WebGPU executor, if this machine has an adapter. */
export const webgpuExecutors: readonly {
  readonly name: string;
  readonly create: () => Promise<Executor>;
}[] = webgpuSkip ? [] : [{ name: "webgpu", create: () => createWebGpu() }];
