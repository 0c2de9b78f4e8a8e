import type { EnvHttpProxyAgent } from "undici";

/** A `fetch` that goes through the proxies of the environment, as curl and other programs do. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

const proxyVariables = ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"];

/**
 * Node's `fetch`; if a variable of the environment names a proxy (`http_proxy`, `https_proxy`, in either case), through
 * that proxy, except to the hosts of `no_proxy`. Node 20's own does not read these variables.
 */
export const proxyFetch: Fetch = async (url, init) => {
  if (!proxyVariables.some((name) => process.env[name])) return fetch(url, init);
  const undici = await import("undici"); // loaded only where it is needed
  dispatcher ??= new undici.EnvHttpProxyAgent();
  const options = { ...init, dispatcher } as Parameters<typeof undici.fetch>[1];
  return (await undici.fetch(url, options)) as unknown as Response;
};

let dispatcher: EnvHttpProxyAgent | undefined;
