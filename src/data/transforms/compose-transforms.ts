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
 * Applies a list of transforms to an image. `key` is the sample's, `sampleKey(epochKey, row)`, or null if no
 * transform is random.
 */
export type ImageTransform = (image: ImageBytes, key: RandomKey | null) => ImageBytes;

/**
 * Combines a list of transforms into one function.
 *
 * Transform i draws from the stream `foldIn(key, firstIndex + i)`, so that its draws depend neither on the other
 * transforms' draws nor on where `splitTransforms` cut the list.
 *
 * @param firstIndex index of the list's first transform in the whole list
 * @param loops inner loops and memory; they do not change the bytes
 * @throws {DataError} the returned function throws `ERR_DATA_TRANSFORM` for an image that does not fit
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

/** The shape of an image after the transforms. @throws {DataError} `ERR_DATA_TRANSFORM` if a transform does not fit */
export const transformedShape = (list: TransformList, image: ImageShape): ImageShape =>
  list.reduce((shape, transform) => rulesOf(transform).shape?.(shape, transform) ?? shape, image);

/** A list of transforms in three parts, by where they are applied. The parts in this order are the list. */
export interface TransformParts {
  /** Transforms without random draws: applied once, when the data set is loaded. */
  readonly once: TransformList;
  /** Applied on the host, to each sample of each epoch. */
  readonly perSample: TransformList;
  /** Crops, flips and erasing, which the first kernel of a step applies as it gathers a batch (`placeBatch`). */
  readonly inKernel: TransformList;
}

/** Divides a list of transforms by where they are applied, for a data set in the executor's memory. */
export function splitTransforms(list: TransformList): TransformParts {
  const firstRandom = list.findIndex(isRandom);
  const start = firstRandom < 0 ? list.length : firstRandom;
  let kernel = list.length;
  const taken = new Set<string>();
  while (kernel > start) {
    const kind = rulesOf(list[kernel - 1]!).placing?.kind;
    // The kernel takes one fill colour outside and one erased rectangle, which later transforms must not move.
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
 * The shape that a list of transforms gives to photographs of any size.
 *
 * @throws {DataError} `ERR_DATA_TRANSFORM` if the shape depends on the photograph's size
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
 * The data set with every image transformed.
 *
 * @param list transforms without random draws: `splitTransforms(list).once`
 * @throws {DataError} `ERR_DATA_TRANSFORM` if the images do not fit
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
