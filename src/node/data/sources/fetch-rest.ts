import { DataError } from "../../../data/data-error.js";
import type { SourceEnvironment } from "./environment.js";

/** The received bytes, to which `fetchRest` appends. */
export interface ReceivedBytes {
  readonly length: number;
  append(chunk: Uint8Array): Promise<void>;
  /** Discards the received bytes: the file is sent again from its start. */
  restart(): Promise<void>;
}

/**
 * Fetches the remaining bytes of `address`, and appends them to `target`.
 *
 * @param onProgress called with the bytes received so far and the total, null if it is unknown
 * @throws {DataError} `ERR_DATA_SOURCE` if the server does not answer, refuses, breaks off or
 *   stays silent for `stallTimeoutMs`; the received bytes stay in `target`
 */
export async function fetchRest(
  address: string,
  { fetch, stallTimeoutMs }: Pick<SourceEnvironment, "fetch" | "stallTimeoutMs">,
  target: ReceivedBytes,
  onProgress: (receivedBytes: number, totalBytes: number | null) => void,
): Promise<void> {
  const abort = new AbortController();
  const silence = `no news from ${new URL(address).host} for ${stallTimeoutMs / 1000} s`;
  const timer = setTimeout(() => abort.abort(new Error(silence)), stallTimeoutMs);
  const request = (start: number): Promise<Response> => {
    const range: Record<string, string> = start > 0 ? { range: `bytes=${start}-` } : {};
    const headers = { "accept-encoding": "identity", ...range };
    return fetch(address, { headers, signal: abort.signal });
  };
  try {
    let response = await request(target.length);
    if (response.status === 416 && target.length > 0) {
      await target.restart(); // the file is shorter, so the received bytes are not its beginning
      response = await request(0);
    }
    if (!response.ok || !response.body) {
      throw new Error(`the server answered ${response.status} ${response.statusText}`.trimEnd());
    }
    if (target.length > 0 && !continuesAt(response, target.length)) await target.restart();
    const length = response.headers.get("content-length");
    const total = length === null ? null : target.length + Number(length);
    let received = target.length;
    for await (const chunk of response.body) {
      timer.refresh();
      await target.append(chunk);
      received += chunk.length;
      onProgress(received, total);
    }
    if (total !== null && received !== total) {
      throw new Error(`the connection ended after ${received} of ${total} bytes`);
    }
  } catch (error) {
    const reason = abort.signal.aborted ? silence : reasonOf(error);
    throw new DataError("ERR_DATA_SOURCE", `${address}: ${reason}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

const continuesAt = (response: Response, start: number): boolean =>
  response.status === 206 &&
  (response.headers.get("content-range")?.startsWith(`bytes ${start}-`) ?? false);

/** The message of an error, and of its cause: `fetch` itself says only "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
