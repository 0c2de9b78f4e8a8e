import type { RandomKey } from "../../../tensor/random.js";
import { DataError } from "../../../data/data-error.js";
import { decodeImage, type ImageChannels } from "../images/decode-image.js";
import { readImageFile } from "../images/read-image-file.js";
import {
  composeTransforms,
  transformedShape,
} from "../../../data/transforms/compose-transforms.js";
import {
  formatSize,
  type ImageBytes,
  type ImageShape,
} from "../../../data/transforms/image-bytes.js";
import { splitTransforms } from "../../../data/transforms/split-transforms.js";
import type { TransformList } from "../../../data/transforms/transform.js";
import { cachedImage } from "./image-cache.js";

/** One image to be made: plain data, so that a thread can be told. */
export interface ImageTask {
  readonly file: string;
  readonly channels: ImageChannels;
  readonly transforms: TransformList;
  /** The sample's stream, `sampleKey(epochKey, row)`; null where no transform is random. */
  readonly key: RandomKey | null;
  /** What the image has to be in the end; null takes any. */
  readonly shape: ImageShape | null;
  /** Directory in which decoded images are kept; none by default. The pixels are the same. */
  readonly cache?: string | undefined;
  /** Transforms that the decoded image has to fit as well, which are not carried out. */
  readonly mustFit?: TransformList | undefined;
}

/**
 * Decodes the files that it knows to be plain and whole, at once, to the bytes of `decodeImage`; of others it gives null.
 * An image that is too large is refused before it is decoded, by `checkPixels`.
 */
export type QuickDecoder = (
  bytes: Uint8Array,
  channels: ImageChannels,
  file?: string,
) => ImageBytes | null;

let decodeQuickly: QuickDecoder = () => null;

/** Decodes files on this thread with another decoder first. */
export function useQuickDecoder(decoder: QuickDecoder): void {
  decodeQuickly = decoder;
}

/**
 * Decodes and transforms one image: a function of the task and nothing else, whichever thread does it.
 *
 * @throws {DataError} the codes of `decodeImage`; `ERR_DATA_TRANSFORM` if a transform does not fit the image
 */
export async function loadImage(task: ImageTask): Promise<ImageBytes> {
  const { file, shape, cache, channels, transforms, key } = task;
  const { once } = splitTransforms(transforms);
  const start = cache
    ? await cachedImage(cache, { file, channels, transforms: once }, () => makeOnce(task, once))
    : await makeOnce(task, once);
  const rest = composeTransforms(transforms.slice(once.length), once.length);
  const image = withName(file, () => rest(start, key));
  if (shape && !sameSize(image, shape)) {
    throw new DataError(
      "ERR_DATA_TRANSFORM",
      `${file}: the transforms make it ${formatSize(image)} pixels, but the model takes` +
        ` ${formatSize(shape)}: resize or crop to one size`,
    );
  }
  return image;
}

/** The image after the transforms at the start of the list that draw nothing. */
async function makeOnce(
  { file, channels, mustFit = [] }: ImageTask,
  once: TransformList,
): Promise<ImageBytes> {
  const bytes = readImageFile(file);
  const image = decodeQuickly(bytes, channels, file) ?? (await decodeByName(bytes, channels, file));
  return withName(file, () => {
    transformedShape(mustFit, image);
    return composeTransforms(once)(image, null);
  });
}

async function decodeByName(
  bytes: Uint8Array,
  channels: ImageChannels,
  file: string,
): Promise<ImageBytes> {
  const { shape, data } = await decodeImage(bytes, channels, file);
  const [height = 0, width = 0] = shape;
  return { height, width, channels, data };
}

/** What is wrong with a file's image names the file. */
function withName(file: string, make: () => ImageBytes): ImageBytes {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(error.code, `${file}: ${error.message}`, { cause: error });
  }
}

const sameSize = (a: ImageShape, b: ImageShape): boolean =>
  a.height === b.height && a.width === b.width && a.channels === b.channels;
