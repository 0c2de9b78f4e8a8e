import { DataError } from "../../../data/data-error.js";
import { formatSize, type ImageSize } from "../../../data/transforms/image-bytes.js";

/** Raises or lowers the limit, in megapixels. */
const variable = "RESNET_MAX_MEGAPIXELS";

/** Photographs of today's cameras have fewer; in memory they take ten bytes a pixel at most while they are decoded. */
const defaultMegapixels = 64;

const megapixel = 1_000_000;

/** The limit, by `RESNET_MAX_MEGAPIXELS`: the pixels of an image, those of all frames of an animation together. */
export function mostPixels(): number {
  const text = process.env[variable];
  if (text === undefined || text === "") return defaultMegapixels * megapixel;
  const megapixels = Number(text);
  if (megapixels > 0 && megapixels <= 4096) return megapixels * megapixel;
  throw new DataError(
    "ERR_DATA_IMAGE",
    `${variable} is ${JSON.stringify(text)}, but it must be a number above 0 and up to 4096`,
  );
}

/**
 * Refuses an image that is too large to be decoded, by what its header says.
 *
 * @param frames of a GIF, pages of a TIFF
 * @throws {DataError} `ERR_DATA_IMAGE`
 */
export function checkPixels(file: string, size: ImageSize, frames = 1): void {
  const pixels = size.height * size.width * frames;
  const most = mostPixels();
  if (pixels <= most) return;
  const inFrames = frames > 1 ? ` in each of ${frames} frames` : "";
  throw new DataError(
    "ERR_DATA_IMAGE",
    `${file}: it has ${formatSize(size)} pixels${inFrames}, which is ${inMegapixels(pixels)} megapixels, and the limit is ` +
      `${inMegapixels(most)}; make it smaller, or raise the limit with ${variable}`,
  );
}

const inMegapixels = (pixels: number): string =>
  String(Number((pixels / megapixel).toPrecision(4)));
