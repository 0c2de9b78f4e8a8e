/**
 * Reader of IDX, the file format of MNIST and its successors.
 *
 *     bytes 0 … 1    zero
 *     byte  2        type of an element, 0x08 for unsigned bytes
 *     byte  3        number of axes
 *     then           one big-endian u32 per axis, outermost first
 *     then           the elements, last axis innermost
 *
 * Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", "File formats".
 */

import { hostArray, type HostArray } from "../tensor/host-array.js";
import { DataError } from "./data-error.js";

const imagesMagic = 0x00000803;
const labelsMagic = 0x00000801;

/**
 * The grey images of an IDX file, as `[rows, H, W, 1]` over the bytes given (not copied).
 *
 * @param bytes the decompressed file
 * @param file its name, for the error
 * @throws {DataError} `ERR_DATA_FORMAT` if the magic number or the length is not an image file's
 */
export function readIdxImages(bytes: Uint8Array, file: string): HostArray<"u8"> {
  const { sizes, elements } = readIdx(bytes, file, imagesMagic, "images");
  return hostArray([...sizes, 1], elements, "u8");
}

/**
 * The labels of an IDX file, as `[rows]`.
 *
 * @param bytes the decompressed file
 * @param file its name, for the error
 * @throws {DataError} `ERR_DATA_FORMAT` if the magic number or the length is not a label file's
 */
export function readIdxLabels(bytes: Uint8Array, file: string): HostArray<"i32"> {
  const { sizes, elements } = readIdx(bytes, file, labelsMagic, "labels");
  return hostArray(sizes, elements, "i32");
}

interface IdxContents {
  readonly sizes: readonly number[];
  readonly elements: Uint8Array;
}

function readIdx(bytes: Uint8Array, file: string, magic: number, what: string): IdxContents {
  const axes = magic & 0xff;
  const headerLength = 4 + 4 * axes;
  if (bytes.length < headerLength) {
    throw new DataError(
      "ERR_DATA_FORMAT",
      `${file}: the file has ${bytes.length} bytes but the header of an IDX file of ${what}` +
        ` takes ${headerLength}`,
    );
  }
  const header = new DataView(bytes.buffer, bytes.byteOffset, headerLength);
  if (header.getUint32(0) !== magic) {
    throw new DataError(
      "ERR_DATA_FORMAT",
      `${file}: the file starts with ${hex(header.getUint32(0))} but an IDX file of ${what}` +
        ` starts with ${hex(magic)}`,
    );
  }
  const sizes = Array.from({ length: axes }, (_, axis) => header.getUint32(4 + 4 * axis));
  const length = sizes.reduce((product, size) => product * size, 1);
  if (bytes.length !== headerLength + length) {
    throw new DataError(
      "ERR_DATA_FORMAT",
      `${file}: the file has ${bytes.length} bytes but its header announces ${sizes.join(" x ")}` +
        ` ${what}, which take ${headerLength + length}`,
    );
  }
  if (length === 0) {
    throw new DataError("ERR_DATA_FORMAT", `${file}: the file holds no ${what}`);
  }
  return { sizes, elements: bytes.subarray(headerLength) };
}

const hex = (word: number): string => `0x${word.toString(16).padStart(8, "0")}`;
