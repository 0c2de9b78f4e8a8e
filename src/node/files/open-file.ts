import { open } from "node:fs/promises";
import type { ByteSource } from "../../interop/byte-source.js";
import { InteropError } from "../../interop/interop-error.js";
import type { ResnetError } from "../../tensor/error.js";

/** Makes the error of a file that cannot be read. */
type Refuse = (message: string, cause?: unknown) => ResnetError;

const weightsFile: Refuse = (message, cause) =>
  new InteropError("ERR_WEIGHTS_FILE", message, { cause });

/**
 * Opens a file for reading at random.
 *
 * @param refuse makes the error if the file cannot be opened or read. Default: `ERR_WEIGHTS_FILE`
 * @throws {ResnetError} the one that `refuse` makes
 */
export async function openFile(file: string, refuse: Refuse = weightsFile): Promise<ByteSource> {
  const unreadable = (error: unknown): ResnetError => {
    const { code } = error as NodeJS.ErrnoException;
    const reason =
      code === "ENOENT" ? "there is no such file" : `it cannot be read (${code ?? String(error)})`;
    return refuse(`${file}: ${reason}`, error);
  };
  const handle = await open(file, "r").catch((error: unknown) => {
    throw unreadable(error);
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw refuse(`${file}: this is not a file`);
    return {
      file,
      size: stat.size,
      async read(start, length) {
        const bytes = new Uint8Array(length);
        for (let done = 0; done < length;) {
          const { bytesRead } = await handle
            .read(bytes, done, length - done, start + done)
            .catch((error: unknown) => {
              throw unreadable(error);
            });
          if (bytesRead === 0) throw refuse(`${file}: the file became shorter while it was read`);
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
