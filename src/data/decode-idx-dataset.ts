import { hostArray, type HostArray } from "../tensor/host-array.js";
import { checkLabels } from "./check-labels.js";
import { contentOf } from "./content-of.js";
import type { Dataset, DatasetSplits } from "./dataset.js";
import { DataError } from "./data-error.js";
import { readIdxImages, readIdxLabels } from "./idx.js";

/** The two files of a split. */
export interface IdxFileNames {
  readonly images: string;
  readonly labels: string;
}

export interface IdxConventions {
  /** Whether the files have the columns of an image where others have its rows. */
  readonly transposed?: boolean;
  /** The label of the first class. Default 0. */
  readonly firstLabel?: number;
}

/**
 * Both splits of a data set that is published as MNIST was, in four IDX files.
 *
 * @param name the data set's name
 * @param contents the decompressed bytes of each file, by its name
 * @throws {DataError} whatever `readIdxImages` and `readIdxLabels` find; `ERR_DATA_COUNT` if a
 *   split has not as many labels as images; `ERR_DATA_LABEL` if a label is no class;
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
