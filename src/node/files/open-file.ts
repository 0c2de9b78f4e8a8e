import { open } from "node:fs/promises";
import type { ByteSource } from "../../interop/byte-source.js";
import { InteropError } from "../../interop/interop-error.js";

/**
 * Opens a file for reading at random.
 *
 * @throws {InteropError} `ERR_WEIGHTS_FILE` if it cannot be read
 */
export async function openFile(file: string): Promise<ByteSource> {
  const handle = await open(file, "r").catch((error: unknown) => {
    throw unreadable(file, error);
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new InteropError("ERR_WEIGHTS_FILE", `${file}: this is not a file`);
    return {
      file,
      size: stat.size,
      async read(start, length) {
        const bytes = new Uint8Array(length);
        for (let done = 0; done < length;) {
          const { bytesRead } = await handle.read(bytes, done, length - done, start + done);
          if (bytesRead === 0) {
            throw new InteropError(
              "ERR_WEIGHTS_FILE",
              `${file}: the file became shorter while it was read`,
            );
          }
          done += bytesRead;
        }
        return bytes;
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function unreadable(file: string, error: unknown): InteropError {
  const { code } = error as NodeJS.ErrnoException;
  const reason = code === "ENOENT" ? "there is no such file" : `it cannot be read (${code})`;
  return new InteropError("ERR_WEIGHTS_FILE", `${file}: ${reason}`, { cause: error });
}
