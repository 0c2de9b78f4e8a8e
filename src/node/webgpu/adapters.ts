import { UnavailableError } from "../../executors/unavailable-error.js";
import { requestAdapter } from "../../executors/webgpu/request-adapter.js";
import { openDawn } from "./dawn.js";

/** What a GPU offers, for `resnet doctor`. */
export interface AdapterDescription {
  readonly name: string;
  /** The interface of its driver, such as `vulkan`. */
  readonly backend: string;
  /** What the driver says of itself. */
  readonly driver: string;
  readonly maxBindingBytes: number;
  readonly maxBufferBytes: number;
  /** Storage buffers that one kernel can bind. */
  readonly bindings: number;
  /** Bytes that a workgroup shares. */
  readonly workgroupBytes: number;
  /** Those that matter here: `shader-f16`, `subgroups`, `timestamp-query`. */
  readonly features: readonly string[];
}

const relevantFeatures = ["shader-f16", "subgroups", "timestamp-query"];

/** A name that no adapter has: Dawn answers with a list of those that there are. */
const noName = "\u0000";

/** Names of the adapters, and their backends, in the order of their numbers. */
async function adapterNames(): Promise<
  readonly { readonly name: string; readonly backend: string }[]
> {
  try {
    await (await openDawn(noName)).requestAdapter();
    return [];
  } catch (error) {
    if (error instanceof UnavailableError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    return [...text.matchAll(/backend: '(.*?)', name: '(.*)'/g)].map(([, backend, name]) => ({
      backend: backend!,
      name: name!,
    }));
  }
}

/**
 * The adapters that WebGPU has in Node.
 *
 * @throws {UnavailableError} `ERR_ADAPTER` if the package `webgpu` is missing
 */
export async function listAdapters(): Promise<readonly AdapterDescription[]> {
  const descriptions: AdapterDescription[] = [];
  for (const { name, backend } of await adapterNames()) {
    const [, adapter] = await requestAdapter(await openDawn(name));
    const { limits, features, info } = adapter;
    descriptions.push({
      name,
      backend,
      driver: info.description,
      maxBindingBytes: limits.maxStorageBufferBindingSize,
      maxBufferBytes: limits.maxBufferSize,
      bindings: limits.maxStorageBuffersPerShaderStage,
      workgroupBytes: limits.maxComputeWorkgroupStorageSize,
      features: relevantFeatures.filter((feature) => features.has(feature)),
    });
  }
  return descriptions;
}

/**
 * The name of the adapter that `--adapter` means: by its number from 0, or by a part of its name.
 *
 * @throws {UnavailableError} `ERR_ADAPTER` if there is none
 */
export async function adapterName(wanted: string): Promise<string> {
  const names = (await adapterNames()).map(({ name }) => name);
  const found = /^\d+$/.test(wanted)
    ? names[Number(wanted)]
    : names.find((name) => name.toLowerCase().includes(wanted.toLowerCase()));
  if (found !== undefined) return found;
  const list = names.map((name, i) => `${i} ${name}`).join(", ");
  const summary =
    names.length > 0
      ? `no GPU adapter is ${JSON.stringify(wanted)}; there are: ${list}`
      : "WebGPU finds no GPU here: install a driver for Vulkan, Metal or Direct3D 12";
  throw new UnavailableError("ERR_ADAPTER", summary, summary);
}
