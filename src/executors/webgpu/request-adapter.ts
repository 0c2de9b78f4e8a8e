import { UnavailableError } from "../unavailable-error.js";

/** `navigator.gpu`, where the runtime has it. */
export const runtimeGpu = (): GPU | undefined =>
  (globalThis as { readonly navigator?: { readonly gpu?: GPU } }).navigator?.gpu;

/**
 * The WebGPU of this runtime, and the adapter that the system prefers, one of a GPU before one in software.
 *
 * @param gpu `navigator.gpu`, or what takes its place
 * @throws {UnavailableError} `ERR_ADAPTER` if there is none
 */
export async function requestAdapter(gpu: GPU | undefined): Promise<readonly [GPU, GPUAdapter]> {
  if (!gpu)
    throw unavailable("this runtime has no WebGPU", "use a browser or a runtime that has it");
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter) return [gpu, adapter];
  throw unavailable(
    "WebGPU finds no GPU here",
    "install a driver for Vulkan, Metal or Direct3D 12",
  );
}

function unavailable(finding: string, remedy: string): UnavailableError {
  const summary = `${finding}: ${remedy}`;
  return new UnavailableError("ERR_ADAPTER", summary, summary);
}
