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

import { type HostArray, hostArray } from "../tensor/host-array.js";
import { contentOf } from "./catalog/dataset-entry.js";
import { DataError } from "./data-error.js";
import type { Dataset, DatasetSplits } from "./dataset.js";
import { checkLabels } from "./labels.js";

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
    throw new DataError("ERR_DATA_FORMAT", `${file}: the file has no ${what}`);
  }
  return { sizes, elements: bytes.subarray(headerLength) };
}

const hex = (word: number): string => `0x${word.toString(16).padStart(8, "0")}`;

/** The two files of a split. */
interface IdxFileNames {
  readonly images: string;
  readonly labels: string;
}

interface IdxConventions {
  /** Whether the files store images column by column. */
  readonly transposed?: boolean;
  /** The label of the first class. Default 0. */
  readonly firstLabel?: number;
}

/**
 * Decodes both splits of a data set in four IDX files, as MNIST has them.
 *
 * @param name the data set's name
 * @param contents the decompressed bytes of each file, by its name
 * @throws {DataError} the codes of `readIdxImages` and `readIdxLabels`; `ERR_DATA_COUNT` if a split's numbers of
 *   labels and images differ; `ERR_DATA_LABEL` if a label is not a class;
 *   `ERR_DATA_NOT_FOUND` if one of the four is not in `contents`
 */
export function decodeIdxDataset(
  name: string,
  contents: ReadonlyMap<string, Uint8Array>,
  files: { readonly train: IdxFileNames; readonly test: IdxFileNames },
  classes: readonly string[],
  { transposed = false, firstLabel = 0 }: IdxConventions = {},
): DatasetSplits {
  const split = (splitName: "train" | "test"): Dataset => {
    const file = files[splitName];
    const images = readIdxImages(contentOf(name, contents, file.images), file.images);
    const labels = readIdxLabels(contentOf(name, contents, file.labels), file.labels);
    if (images.shape[0] !== labels.shape[0]) {
      throw new DataError(
        "ERR_DATA_COUNT",
        `${file.labels}: the file has ${labels.shape[0]} labels but ${file.images} has` +
          ` ${images.shape[0]} images`,
      );
    }
    checkLabels(labels.data, file.labels, classes.length, firstLabel);
    return {
      name: `${name} ${splitName}`,
      images: transposed ? transpose(images) : images,
      labels: firstLabel === 0 ? labels : shift(labels, -firstLabel),
      classes,
    };
  };
  return { train: split("train"), test: split("test") };
}

/** Swaps height and width of grey images. */
function transpose(images: HostArray<"u8">): HostArray<"u8"> {
  const [rows = 0, height = 0, width = 0] = images.shape;
  const swapped = new Uint8Array(images.data.length);
  for (let row = 0; row < rows; row++) {
    const image = row * height * width;
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        swapped[image + j * height + i] = images.data[image + i * width + j]!;
      }
    }
  }
  return hostArray([rows, width, height, 1], swapped, "u8");
}

const shift = ({ shape, data }: HostArray<"i32">, by: number): HostArray<"i32"> =>
  hostArray(
    shape,
    data.map((label) => label + by),
    "i32",
  );
