import { join } from "node:path";
import { machineEnvironment, type SourceEnvironment } from "../data/sources/environment.js";

/** Access to the machine and the network, for pretrained weights. Tests pass their own. */
export interface PretrainedEnvironment extends Pick<
  SourceEnvironment,
  "fetch" | "tempDir" | "stallTimeoutMs"
> {
  /** The cache of weights. */
  readonly cacheDir: string;
  readonly hub: HubEnvironment;
}

/** What the variables of the Hugging Face Hub say. */
export interface HubEnvironment {
  /** `HF_ENDPOINT`, without a slash at its end. */
  readonly endpoint: string;
  /** `HF_TOKEN`; sent to the endpoint only. */
  readonly token: string | undefined;
  /** `HF_HUB_OFFLINE`: only files that were fetched before are used. */
  readonly isOffline: boolean;
}

/** This machine: the proxy of the environment, `$XDG_CACHE_HOME/resnet-ts/pretrained`, and the variables of the Hub. */
export function machineWeights(env: NodeJS.ProcessEnv = process.env): PretrainedEnvironment {
  const { fetch, tempDir, stallTimeoutMs, cacheDir } = machineEnvironment();
  return {
    fetch,
    tempDir,
    stallTimeoutMs,
    cacheDir: join(cacheDir, "pretrained"),
    hub: {
      endpoint: (env["HF_ENDPOINT"] || "https://huggingface.co").replace(/\/+$/, ""),
      token: env["HF_TOKEN"] || undefined,
      isOffline: ["1", "ON", "YES", "TRUE"].includes((env["HF_HUB_OFFLINE"] ?? "").toUpperCase()),
    },
  };
}
