import type { RandomKey } from "../../../tensor/random.js";
import { DataError, inFile } from "../../../data/data-error.js";
import { decodeImage, type ImageChannels } from "../images/decode-image.js";
import { readImageFile } from "../images/read-image-file.js";
import {
  composeTransforms,
  splitTransforms,
  transformedShape,
} from "../../../data/transforms/compose-transforms.js";
import {
  type ImageBytes,
  type ImageShape,
  formatSize,
} from "../../../data/transforms/image-bytes.js";
import { plainLoops, type PixelLoops } from "../../../data/transforms/pixel-loops.js";
import type { TransformList } from "../../../data/transforms/transform.js";
import { cachedImage } from "./image-cache.js";

/** The description of an image to be made, as plain data that can be sent to a thread. */
export interface ImageTask {
  readonly file: string;
  readonly channels: ImageChannels;
  readonly transforms: TransformList;
  /** The sample's key, `sampleKey(epochKey, row)`; null if no transform is random. */
  readonly key: RandomKey | null;
  /** The required shape of the result; null accepts any. */
  readonly shape: ImageShape | null;
  /** Directory of cached images. Default: no cache. The pixels are the same. */
  readonly cache?: string | undefined;
  /** Further transforms that the decoded image must fit; they are not applied. */
  readonly mustFit?: TransformList | undefined;
}

/**
 * Decodes plain and whole files to the bytes of `decodeImage`, and returns null for all others. Refuses an image that
 * is too large (`checkPixels`) before decoding it.
 */
export type QuickDecoder = (
  bytes: Uint8Array,
  channels: ImageChannels,
  file?: string,
) => ImageBytes | null;

/** Replaceable parts of loading. They change time and memory, never the bytes. */
export interface ImageTools {
  /** Tried before `decodeImage`. */
  readonly decodeQuickly: QuickDecoder | null;
  readonly loops: PixelLoops;
}

const plainTools: ImageTools = { decodeQuickly: null, loops: plainLoops };

/**
 * Decodes and transforms one image. The result depends on the task only, not on the thread or the tools.
 *
 * @throws {DataError} the codes of `decodeImage`; `ERR_DATA_TRANSFORM` if a transform does not fit the image
 */
export async function loadImage(
  task: ImageTask,
  tools: ImageTools = plainTools,
): Promise<ImageBytes> {
  const { file, shape, cache, channels, transforms, key } = task;
  const { once } = splitTransforms(transforms);
  const start = cache
    ? await cachedImage(cache, { file, channels, transforms: once }, () =>
        makeOnce(task, once, tools),
      )
    : await makeOnce(task, once, tools);
  const rest = composeTransforms(transforms.slice(once.length), once.length, tools.loops);
  const image = inFile(file, () => rest(start, key));
  if (shape && !sameSize(image, shape)) {
    throw new DataError(
      "ERR_DATA_TRANSFORM",
      `${file}: the transforms make it ${formatSize(image)} pixels, but the model takes` +
        ` ${formatSize(shape)}: resize or crop to one size`,
    );
  }
  return image;
}

/** The image after the leading transforms without random draws. */
async function makeOnce(
  { file, channels, mustFit = [] }: ImageTask,
  once: TransformList,
  { decodeQuickly, loops }: ImageTools,
): Promise<ImageBytes> {
  const bytes = readImageFile(file);
  const image =
    decodeQuickly?.(bytes, channels, file) ?? (await decodeByName(bytes, channels, file));
  return inFile(file, () => {
    transformedShape(mustFit, image);
    return composeTransforms(once, 0, loops)(image, null);
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

const sameSize = (a: ImageShape, b: ImageShape): boolean =>
  a.height === b.height && a.width === b.width && a.channels === b.channels;
