import { hostArray } from "../../tensor/host-array.js";
import type { RandomKey } from "../../tensor/random.js";
import { dims4 } from "../../tensor/shape.js";
import { DataError } from "../data-error.js";
import type { Dataset } from "../dataset.js";
import { Draws, foldIn } from "./draws.js";
import { type ImageBytes, type ImageChannels, type ImageShape, formatSize } from "./image-bytes.js";
import { type PixelLoops, plainLoops } from "./pixel-loops.js";
import { formatTransforms } from "./transform-text.js";
import { type TransformList, isRandom, rulesOf } from "./transform.js";

/**
 * Takes an image to what a list of transforms makes of it. The key is the sample's, `sampleKey(epochKey, row)`; null will
 * do where no transform is random.
 */
export type ImageTransform = (image: ImageBytes, key: RandomKey | null) => ImageBytes;

/**
 * One function out of a list of transforms.
 *
 * Transform i draws from the stream `foldIn(key, firstIndex + i)`, so that its draws depend neither on what the others
 * drew nor on where the list was cut (`splitTransforms`).
 *
 * @param firstIndex place of the list's first transform in the whole list that it was cut from
 * @param loops inner loops and memory; all give the same bytes
 * @throws {DataError} the returned function: `ERR_DATA_TRANSFORM` for an image that does not fit
 */
export const composeTransforms =
  (list: TransformList, firstIndex = 0, loops: PixelLoops = plainLoops): ImageTransform =>
  (image, key) =>
    list.reduce(
      (result, transform, i) =>
        rulesOf(transform).apply(
          result,
          transform,
          new Draws(key && foldIn(key, firstIndex + i)),
          loops,
        ),
      image,
    );

/** The shape that images get. @throws {DataError} `ERR_DATA_TRANSFORM` where a transform does not fit */
export const transformedShape = (list: TransformList, image: ImageShape): ImageShape =>
  list.reduce((shape, transform) => rulesOf(transform).shape?.(shape, transform) ?? shape, image);

/** Where each part of a list of transforms happens; the parts in this order are the list. */
export interface TransformParts {
  /** Draw nothing: done once, when the data set is loaded. */
  readonly once: TransformList;
  /** Done anew for each sample, on the host, while batches are prepared. */
  readonly perSample: TransformList;
  /** Only move and cover pixels: done by the first kernel of a step, as it gathers a batch (`placeBatch`). */
  readonly inKernel: TransformList;
}

/** Divides a list of transforms by where they happen on a data set that lies in the executor. */
export function splitTransforms(list: TransformList): TransformParts {
  const firstRandom = list.findIndex(isRandom);
  const start = firstRandom < 0 ? list.length : firstRandom;
  let kernel = list.length;
  const taken = new Set<string>();
  while (kernel > start) {
    const kind = rulesOf(list[kernel - 1]!).placing?.kind;
    // One pass knows one border and one covered rectangle, which nothing may move afterwards.
    if (!kind || (kind !== "flip" && taken.has(kind)) || (kind === "erase" && taken.size > 0))
      break;
    taken.add(kind);
    kernel--;
  }
  return {
    once: list.slice(0, start),
    perSample: list.slice(start, kernel),
    inKernel: list.slice(kernel),
  };
}

/**
 * The one shape that a list of transforms gives photographs, whatever their size.
 *
 * @throws {DataError} `ERR_DATA_TRANSFORM` if it depends on the photograph's
 */
export function fixedShape(list: TransformList, channels: ImageChannels): ImageShape {
  const wide = transformedShape(list, { height: 1000, width: 1500, channels });
  const tall = transformedShape(list, { height: 2000, width: 1000, channels });
  if (wide.height === tall.height && wide.width === tall.width) return wide;
  throw new DataError(
    "ERR_DATA_TRANSFORM",
    `the transforms (${formatTransforms(list)}) leave photographs of different sizes, such as` +
      ` ${formatSize(wide)} and ${formatSize(tall)}: end them with one size, such as centerCrop(224)`,
  );
}

/**
 * The data set with every image transformed, once and for all.
 *
 * @param list transforms that draw nothing: `splitTransforms(list).once`
 * @throws {DataError} `ERR_DATA_TRANSFORM` where the images do not fit
 */
export function transformDataset<Data extends Pick<Dataset, "images">>(
  data: Data,
  list: TransformList,
): Data {
  if (list.length === 0) return data;
  const [rows, height, width, channels] = dims4(data.images);
  const from = { height, width, channels };
  const to = transformedShape(list, from);
  const [bytes, madeBytes] = [from, to].map((each) => each.height * each.width * each.channels);
  const transform = composeTransforms(list);
  const images = hostArray([rows, to.height, to.width, to.channels], undefined, "u8");
  for (let row = 0; row < rows; row++) {
    const image = data.images.data.subarray(row * bytes!, (row + 1) * bytes!);
    images.data.set(transform({ ...from, data: image }, null).data, row * madeBytes!);
  }
  return { ...data, images };
}
