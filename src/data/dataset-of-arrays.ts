import { hostArray } from "../tensor/host-array.js";
import { formatShape, sizeOf } from "../tensor/shape.js";
import { checkLabelCount, checkLabels } from "./labels.js";
import type { Dataset } from "./dataset.js";
import { DataError } from "./data-error.js";

/** Images and labels in memory. */
export interface LabelledArrays {
  /** The pixels, 0 … 255, image after image. */
  readonly images: Uint8Array | Uint8ClampedArray;
  /** `[rows, H, W, C]`; with layout `NCHW` `[rows, C, H, W]`. */
  readonly shape: readonly [number, number, number, number];
  /** Order of the axes. Default `NHWC`, as a canvas and Pillow have it; PyTorch has `NCHW`. */
  readonly layout?: "NHWC" | "NCHW";
  /** Class of each row, from 0. */
  readonly labels: ArrayLike<number>;
  /** Names of the classes. Default: `0` to the largest label. */
  readonly classes?: readonly string[];
  /** For messages. Default `arrays`. */
  readonly name?: string;
}

/**
 * Makes a data set from arrays, for `residentSource`, `splitRows` and `takeRows`.
 *
 *     const data = datasetOfArrays({ images: pixels, shape: [200, 32, 32, 3], labels, classes: ["cat", "dog"] });
 *
 * @returns images `[rows, H, W, C]`: the same memory if the layout is `NHWC`, else a copy
 * @throws {DataError} `ERR_DATA_FORMAT` if the images are not bytes, or the shape has a size of 0 or does not match
 *   their number; `ERR_DATA_COUNT` if the numbers of labels and images differ; `ERR_DATA_LABEL` for a label that is not
 *   a class, or two classes of one name
 */
export function datasetOfArrays(arrays: LabelledArrays): Dataset {
  const { shape, layout = "NHWC", labels, name = "arrays" } = arrays;
  const images = bytesOf(arrays.images, name);
  const [rows] = shape;
  if (shape.length !== 4 || !shape.every((size) => Number.isSafeInteger(size) && size > 0)) {
    throw new DataError(
      "ERR_DATA_FORMAT",
      `${name}: the shape is ${formatShape(shape)} but takes four whole numbers above 0`,
    );
  }
  if (images.length !== sizeOf(shape)) {
    throw new DataError(
      "ERR_DATA_FORMAT",
      `${name}: the shape ${formatShape(shape)} takes ${sizeOf(shape)} bytes but there are` +
        ` ${images.length}`,
    );
  }
  checkLabelCount(labels, name, rows);
  const classes = arrays.classes ?? numberedClasses(labels);
  checkLabels(labels, name, classes.length);
  const repeated = classes.find((each, i) => classes.indexOf(each) !== i);
  if (repeated !== undefined) {
    throw new DataError("ERR_DATA_LABEL", `${name}: two classes are named '${repeated}'`);
  }
  return {
    name,
    images:
      layout === "NHWC"
        ? hostArray(shape, images, "u8")
        : hostArray(...channelsLast(images, shape)),
    labels: hostArray([rows], Int32Array.from(labels), "i32"),
    classes,
  };
}

/** The same memory as `Uint8Array`. Callers of JavaScript may hand in anything. */
function bytesOf(images: unknown, name: string): Uint8Array {
  if (images instanceof Uint8Array) return images;
  if (images instanceof Uint8ClampedArray) {
    return new Uint8Array(images.buffer, images.byteOffset, images.length);
  }
  const found = Object.prototype.toString.call(images).slice(8, -1);
  throw new DataError(
    "ERR_DATA_FORMAT",
    `${name}: images are bytes in a Uint8Array or Uint8ClampedArray, but this is ${found}: scale` +
      ` values to 0 … 255 and round them`,
  );
}

function numberedClasses(labels: ArrayLike<number>): string[] {
  let most = 0;
  for (let row = 0; row < labels.length; row++)
    most = Math.max(most, Math.trunc(labels[row]!) || 0);
  return Array.from({ length: Math.min(most, labels.length) + 1 }, (_, label) => String(label));
}

function channelsLast(
  images: Uint8Array,
  [rows, channels, height, width]: LabelledArrays["shape"],
): [shape: readonly number[], images: Uint8Array, dtype: "u8"] {
  const turned = new Uint8Array(images.length);
  const pixels = height * width;
  for (let row = 0; row < rows; row++) {
    const image = row * channels * pixels;
    for (let c = 0; c < channels; c++) {
      for (let pixel = 0; pixel < pixels; pixel++) {
        turned[image + pixel * channels + c] = images[image + c * pixels + pixel]!;
      }
    }
  }
  return [[rows, height, width, channels], turned, "u8"];
}
