import { decodeImage } from "../node/data/images/decode-image.js";
import { loadImage } from "../node/data/loader/load-image.js";
import { composeTransforms } from "../data/transforms/compose-transforms.js";
import {
  type ImageBytes,
  type ImageChannels,
  takeChannels,
} from "../data/transforms/image-bytes.js";
import type { Transform } from "../data/transforms/transform.js";
import { ResnetError } from "../tensor/error.js";
import type { CheckpointDescription } from "../node/runs/checkpoint.js";

/**
 * Decoded pixels, row by row: grey, red, green and blue, or these and alpha, which is dropped. The number of channels
 * (1, 3 or 4) follows from the length of `data`. A browser's `ImageData` is one.
 */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** `[height, width, channels]`, 0 … 255. */
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** A picture for a classifier: the path of an image file, the bytes of one, or decoded pixels. */
export type Picture = string | Uint8Array | Pixels;

/**
 * Makes pictures into what the model was shown in its evaluation: the same transforms, and if these give another size, one
 * more resize to the size that the model takes.
 *
 * @returns a function of a picture and of the name that errors give it
 * @throws {ResnetError} `ERR_CHECKPOINT` if the model takes neither grey nor coloured images; the returned function:
 *   `ERR_INPUT` if pixels do not fit their size
 * @throws {DataError} the returned function: the codes of `loadImage`
 */
export function pictureLoader({
  imageShape: [height, width, channels],
  transforms = [],
}: CheckpointDescription): (picture: Picture, name: string) => Promise<ImageBytes> {
  if (channels !== 1 && channels !== 3) {
    throw new ResnetError(
      "ERR_CHECKPOINT",
      `the model takes images of ${channels} channels, but a picture has 1 or 3`,
    );
  }
  const toSize: Transform = {
    type: "resize",
    size: [height, width],
    interpolation: "bilinear",
  };
  const all = [...transforms, toSize];
  const transform = composeTransforms(all);
  return async (picture, name) => {
    if (typeof picture === "string") {
      const shape = { height, width, channels };
      return loadImage({ file: picture, channels, transforms: all, key: null, shape });
    }
    if (!(picture instanceof Uint8Array))
      return transform(fromPixels(picture, channels, name), null);
    const { shape, data } = await decodeImage(picture, channels, name);
    return transform({ height: shape[0]!, width: shape[1]!, channels, data }, null);
  };
}

function fromPixels(
  { width, height, data }: Pixels,
  channels: ImageChannels,
  name: string,
): ImageBytes {
  const available = data.length / (width * height);
  if (![1, 3, 4].includes(available)) {
    throw new ResnetError(
      "ERR_INPUT",
      `${name}: ${data.length} values are given for ${height} x ${width} pixels: give 1 (grey), 3 (RGB) or 4 (RGBA) ` +
        `for each pixel`,
    );
  }
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
  return { height, width, channels, data: takeChannels(bytes, available, channels) };
}

/** How errors name a picture: by its path, or by its place among the others. */
export const nameOfPicture = (picture: Picture, index: number): string =>
  typeof picture === "string" ? picture : `picture ${index}`;
