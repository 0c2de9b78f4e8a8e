import { UnavailableError } from "../../executors/unavailable-error.js";

/**
 * Programs are verified and indices checked, so that kernels need no checks of their own; they initialize what they read. Times
 * are exact.
 */
const toggles = [
  "enable-dawn-features=disable_robustness,disable_workgroup_init",
  "disable-dawn-features=timestamp_quantization",
];

/**
 * The counterpart of a page's `navigator.gpu`: Dawn, from the optional package `webgpu`.
 *
 * @param adapter a part of the name of the adapter. Default: the one that Dawn prefers
 * @throws {UnavailableError} `ERR_ADAPTER` if the package is missing, or has no adapter of that name
 */
export async function openDawn(adapter?: string): Promise<GPU> {
  let create: (options: string[]) => GPU;
  try {
    ({ create } = await import("webgpu"));
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    const isMissing = (error as { readonly code?: unknown }).code === "ERR_MODULE_NOT_FOUND";
    const summary = isMissing
      ? "the package for GPUs is not installed: npm install webgpu"
      : `the package webgpu cannot be loaded (${reason}): install its version for this platform`;
    throw new UnavailableError("ERR_ADAPTER", summary, summary);
  }
  return create(adapter === undefined ? toggles : [...toggles, `adapter=${adapter}`]);
}
