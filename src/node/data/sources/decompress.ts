import { spawn } from "node:child_process";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

const gunzipAsync = promisify(gunzip);

/** How a file is compressed, as its name ends; null if it is not. */
export type Compression = ".gz" | ".xz" | null;

/** The ways in which a file of a directory may be compressed, the likeliest first. */
export const compressions: readonly Compression[] = [null, ".gz", ".xz"];

/**
 * The decompressed bytes; `.xz` by the machine's command `xz`.
 *
 * @param maxBytes no more than these are ever held
 * @throws {Error} that says what is wrong with the bytes, or that they hold more than `maxBytes`
 */
export async function decompress(
  bytes: Uint8Array,
  compression: Compression,
  maxBytes: number,
): Promise<Uint8Array> {
  if (compression === null) return bytes;
  if (compression === ".xz") return await unxz(bytes, maxBytes);
  try {
    return await gunzipAsync(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw isTooLarge ? tooLarge(maxBytes) : error;
  }
}

const tooLarge = (maxBytes: number): Error =>
  new Error(`it holds more than the published ${maxBytes} bytes`);

/** No library of npm reads all filters of the format, which every system's `xz` does. */
function unxz(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const xz = spawn("xz", ["--decompress", "--stdout"], { env: { ...process.env, LC_ALL: "C" } });
    const output: Uint8Array[] = [];
    let length = 0;
    let message = "";
    xz.stdout.on("data", (chunk: Uint8Array) => {
      length += chunk.length;
      if (length <= maxBytes) output.push(chunk);
      else xz.kill();
    });
    xz.stderr.on("data", (chunk: Uint8Array) => (message += Buffer.from(chunk).toString()));
    xz.on("error", ({ code, message: reason }: NodeJS.ErrnoException) => {
      reject(new Error(code === "ENOENT" ? "the command xz is not installed" : reason));
    });
    xz.on("close", (exitCode) => {
      if (length > maxBytes) reject(tooLarge(maxBytes));
      else if (exitCode === 0) resolve(Buffer.concat(output));
      else reject(new Error(message.trim() || `xz ended with exit code ${exitCode}`));
    });
    xz.stdin.on("error", () => undefined); // xz says on its standard error why it stopped reading
    xz.stdin.end(bytes);
  });
}
