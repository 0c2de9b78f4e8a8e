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
 * The name of the adapter that `--adapter` means.
 *
 * @param wanted a number as `resnet doctor` counts from 0; or a name, in any case, or a part of it that only one has
 * @throws {UnavailableError} `ERR_ADAPTER` if there is none, or more than one
 */
export async function adapterName(wanted: string): Promise<string> {
  return chooseAdapter(
    (await adapterNames()).map(({ name }) => name),
    wanted,
  );
}

/** As `adapterName`, among these names. */
export function chooseAdapter(names: readonly string[], wanted: string): string {
  const text = JSON.stringify(wanted);
  const list = names.map((name, i) => `${i} ${name}`).join(", ");
  const refused = (summary: string): UnavailableError =>
    new UnavailableError("ERR_ADAPTER", summary, summary);
  if (names.length === 0)
    throw refused("WebGPU finds no GPU here: install a driver for Vulkan, Metal or Direct3D 12");
  const found = matches(names, wanted);
  if (found.length === 0) throw refused(`no GPU adapter is ${text}; there are: ${list}`);
  if (found.length > 1)
    throw refused(
      `${found.length} GPU adapters are called ${text}; there are: ${list}; give the number of one`,
    );
  const name = names[found[0]!]!;
  // Dawn takes the first one with the name that it is given in its own.
  const taken = names.findIndex((other) => other.includes(name));
  if (taken === found[0]) return name;
  throw refused(
    `WebGPU cannot tell the GPU adapter ${found[0]} ${name} from ${taken} ${names[taken]!}: hide that one by the settings of its driver`,
  );
}

/** The numbers of the adapters that are meant: that number, or those of that name, or else those with the word in their names. */
function matches(names: readonly string[], wanted: string): readonly number[] {
  if (/^\d+$/.test(wanted)) return Number(wanted) < names.length ? [Number(wanted)] : [];
  const word = wanted.toLowerCase();
  const where = (fits: (name: string) => boolean): readonly number[] =>
    names.flatMap((name, i) => (fits(name.toLowerCase()) ? [i] : []));
  const same = where((name) => name === word);
  return same.length > 0 ? same : where((name) => name.includes(word));
}
