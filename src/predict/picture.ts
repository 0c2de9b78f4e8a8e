import { inFile } from "../data/data-error.js";
import { composeTransforms } from "../data/transforms/compose-transforms.js";
import {
  type ImageBytes,
  type ImageChannels,
  takeChannels,
} from "../data/transforms/image-bytes.js";
import type { Transform } from "../data/transforms/transform.js";
import type { CheckpointDescription } from "../checkpoint/description.js";
import { ResnetError } from "../tensor/error.js";

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

/** A picture for a classifier: decoded pixels, or an image file by its bytes or by a path that its decoder understands. */
export type Picture = string | Uint8Array | Pixels;

/**
 * Decodes an image file.
 *
 * @param file its path, or its bytes
 * @param channels of the model: 1 for grey, 3 for colour. Pixels with more or fewer are converted
 * @param name the name that errors give to bytes
 */
export type ImageDecoder = (
  file: string | Uint8Array,
  channels: ImageChannels,
  name: string,
) => Promise<Pixels>;

/**
 * Makes pictures into what the model was shown in its evaluation: the same transforms, and if these give another size, one
 * more resize to the size that the model takes.
 *
 * @param decode decodes files; without one, only pixels are taken
 * @returns a function of a picture and of the name that errors give it
 * @throws {ResnetError} `ERR_CHECKPOINT` if the model takes neither grey nor coloured images; the returned function:
 *   `ERR_INPUT` if pixels do not fit their size, or a file cannot be decoded here
 * @throws {DataError} the returned function: the codes of `decode`; `ERR_DATA_TRANSFORM` if a transform does not fit the
 *   picture
 */
export function pictureLoader(
  { imageShape: [height, width, channels], transforms = [] }: CheckpointDescription,
  decode: ImageDecoder | undefined,
): (picture: Picture, name: string) => Promise<ImageBytes> {
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
  const transform = composeTransforms([...transforms, toSize]);
  return async (picture, name) => {
    const isFile = typeof picture === "string" || picture instanceof Uint8Array;
    if (isFile && !decode) {
      throw new ResnetError(
        "ERR_INPUT",
        `${name}: image files are not decoded here: give pixels, such as ImageData, or open the classifier with a decoder ({ decode })`,
      );
    }
    const pixels = isFile ? await decode!(picture, channels, name) : picture;
    return inFile(name, () => transform(fromPixels(pixels, channels, name), null));
  };
}

function fromPixels(
  { width, height, data }: Pixels,
  channels: ImageChannels,
  name: string,
): ImageBytes {
  if (![width, height].every((side) => Number.isSafeInteger(side) && side > 0)) {
    throw new ResnetError(
      "ERR_INPUT",
      `${name}: its size is ${height} x ${width} pixels: give a height and a width that are whole numbers above 0`,
    );
  }
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new ResnetError(
      "ERR_INPUT",
      `${name}: its pixels are not bytes: give a Uint8Array or a Uint8ClampedArray`,
    );
  }
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
