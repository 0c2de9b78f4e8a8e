import { sizeOf } from "../tensor/shape.js";
import type { ByteSource } from "./byte-source.js";
import { headBytes, notWeights, torchContainer } from "./file-kind.js";
import { InteropError } from "./interop-error.js";
import { placeTensors, type TensorPlace } from "./read-safetensors.js";
import { readElements } from "./safetensors-dtypes.js";
import { headerEnd, readSafetensorsHeader } from "./safetensors-header.js";
import type { StoredArray } from "./stored-array.js";

/**
 * A safetensors file, read tensor by tensor: a large model is never in memory twice.
 *
 *     const file = await OpenSafetensors.open(source);
 *     for (const name of file.places.keys()) use(await file.read(name));
 *     await file.close();
 */
export class OpenSafetensors {
  private constructor(
    private readonly source: ByteSource,
    /** The file up to its data: the header's length and the header. */
    readonly header: Uint8Array,
    /** Every tensor, in the order of the data, which they cover without gaps. */
    readonly places: ReadonlyMap<string, TensorPlace>,
    readonly metadata: ReadonlyMap<string, string>,
  ) {}

  /** The file's name, for errors. */
  get file(): string {
    return this.source.file;
  }

  /**
   * Checks the header of a file; no tensor is read.
   *
   * @param source is closed with the result, or at once if the file is refused
   * @throws {InteropError} as `readSafetensors`; `ERR_WEIGHTS_FILE` if it is a file of another kind. Errors of the source
   *   come as they are
   */
  static async open(source: ByteSource): Promise<OpenSafetensors> {
    const { file, size } = source;
    try {
      const head = await source.read(0, Math.min(headBytes, size));
      checkKind(head, file);
      const header = await source.read(0, headerEnd(head, size, file));
      const { entries, metadata } = readSafetensorsHeader(header, file);
      const places = placeTensors(entries, size - header.length, file);
      return new OpenSafetensors(source, header, places, metadata);
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /**
   * Reads one tensor into memory of its own.
   *
   * @param onBytes sees the bytes as they are in the file, piece by piece
   * @throws {InteropError} `ERR_WEIGHTS_FILE` if there is no such tensor. Errors of the source come as they are
   */
  async read(name: string, onBytes?: (bytes: Uint8Array) => void): Promise<StoredArray> {
    const place = this.places.get(name);
    if (!place) throw new InteropError("ERR_WEIGHTS_FILE", `there is no tensor named "${name}"`);
    const { type, dtype, shape } = place;
    const data = await readElements(type, sizeOf(shape), async (from, length) => {
      const position = this.header.length + place.start + from;
      const bytes = await this.source.read(position, length);
      onBytes?.(bytes);
      return bytes;
    });
    return { shape, dtype, data } as StoredArray;
  }

  close(): Promise<void> {
    return this.source.close();
  }
}

/** @throws {InteropError} `ERR_WEIGHTS_FILE` if the file is recognized as one of another kind */
function checkKind(head: Uint8Array, file: string): void {
  const finding = torchContainer(head)
    ? `it is a PyTorch file: import it first: resnet import ${file} --model NAME --out checkpoint.safetensors`
    : notWeights(head);
  if (finding !== null) throw new InteropError("ERR_WEIGHTS_FILE", `${file}: ${finding}`);
}
