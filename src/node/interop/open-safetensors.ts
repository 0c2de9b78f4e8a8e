import { open, type FileHandle } from "node:fs/promises";
import { sizeOf } from "../../tensor/shape.js";
import { headBytes, notWeights, torchContainer } from "../../interop/file-kind.js";
import { InteropError } from "../../interop/interop-error.js";
import { placeTensors, type TensorPlace } from "../../interop/read-safetensors.js";
import { readElements } from "../../interop/safetensors-dtypes.js";
import { headerEnd, readSafetensorsHeader } from "../../interop/safetensors-header.js";
import type { StoredArray } from "../../interop/stored-array.js";

/**
 * A safetensors file on disk, read tensor by tensor: a large model is never in memory twice.
 *
 *     const file = await OpenSafetensors.open("model.safetensors");
 *     for (const name of file.places.keys()) use(await file.read(name));
 *     await file.close();
 */
export class OpenSafetensors {
  private constructor(
    private readonly handle: FileHandle,
    private readonly file: string,
    /** The file up to its data: the header's length and the header. */
    readonly header: Uint8Array,
    /** Every tensor, in the order of the data, which they cover without gaps. */
    readonly places: ReadonlyMap<string, TensorPlace>,
    readonly metadata: ReadonlyMap<string, string>,
  ) {}

  /**
   * Opens a file and checks its header; no tensor is read.
   *
   * @throws {InteropError} as `readSafetensors`; `ERR_WEIGHTS_FILE` if it is a file of another kind. Errors of the file system
   *   come as they are
   */
  static async open(file: string): Promise<OpenSafetensors> {
    const handle = await open(file, "r");
    try {
      const { size } = await handle.stat();
      const head = await readBytes(handle, file, 0, Math.min(headBytes, size));
      checkKind(head, file);
      const header = await readBytes(handle, file, 0, headerEnd(head, size, file));
      const { entries, metadata } = readSafetensorsHeader(header, file);
      const places = placeTensors(entries, size - header.length, file);
      return new OpenSafetensors(handle, file, header, places, metadata);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /**
   * Reads one tensor into memory of its own.
   *
   * @throws {InteropError} `ERR_WEIGHTS_FILE` if the file became shorter; errors of the file system come as they are
   * @param onBytes sees the bytes as they are in the file, piece by piece
   */
  async read(name: string, onBytes?: (bytes: Uint8Array) => void): Promise<StoredArray> {
    const place = this.places.get(name);
    if (!place) throw new InteropError("ERR_WEIGHTS_FILE", `there is no tensor named "${name}"`);
    const { type, dtype, shape } = place;
    const data = await readElements(type, sizeOf(shape), async (from, length) => {
      const position = this.header.length + place.start + from;
      const bytes = await readBytes(this.handle, this.file, position, length);
      onBytes?.(bytes);
      return bytes;
    });
    return { shape, dtype, data } as StoredArray;
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/** @throws {InteropError} `ERR_WEIGHTS_FILE` if the file is recognized as one of another kind */
function checkKind(head: Uint8Array, file: string): void {
  const finding = torchContainer(head)
    ? `it is a PyTorch file: import it first: resnet import ${file} --model NAME --out checkpoint.safetensors`
    : notWeights(head);
  if (finding !== null) throw new InteropError("ERR_WEIGHTS_FILE", `${file}: ${finding}`);
}

async function readBytes(
  handle: FileHandle,
  file: string,
  position: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await handle.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) {
      const finding = "the file became shorter while it was read";
      throw new InteropError("ERR_WEIGHTS_FILE", `${file}: ${finding}`);
    }
    done += bytesRead;
  }
  return bytes;
}
