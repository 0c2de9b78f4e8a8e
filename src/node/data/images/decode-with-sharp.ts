import sharp, { type Metadata } from "sharp";
import { DataError } from "../../../data/data-error.js";
import type { ImageBytes } from "../../../data/transforms/image-bytes.js";
import { checkPixels } from "./pixel-limit.js";

/**
 * The pixels of a JPEG, PNG, WebP, AVIF, GIF or TIFF by libvips, upright: red, green and blue, and perhaps alpha. The
 * header is judged before anything is decoded.
 *
 * @throws {DataError} `ERR_DATA_IMAGE` if it has too many pixels in all its frames, or samples other than bytes and
 *   16 bits; of a damaged file, sharp's own error
 */
export async function decodeWithSharp(bytes: Uint8Array, file: string): Promise<ImageBytes> {
  const image = sharp(bytes, {
    autoOrient: true,
    ignoreIcc: true,
    limitInputPixels: false, // checkHeader has the limit
  });
  checkHeader(await image.metadata(), file);
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return { height: info.height, width: info.width, channels: info.channels, data };
}

/** libvips would cut floating-point samples to 0 and 1, and others to their lowest byte. */
const depths: Readonly<Record<string, string>> = {
  char: "signed 8-bit numbers",
  short: "signed 16-bit numbers",
  uint: "32-bit numbers",
  int: "signed 32-bit numbers",
  float: "floating-point numbers",
  double: "floating-point numbers",
  complex: "complex numbers",
  dpcomplex: "complex numbers",
};

function checkHeader({ width, height, pages, depth, channels }: Metadata, file: string): void {
  checkPixels(file, { height, width }, pages);
  const unread = depths[depth];
  if (unread !== undefined) {
    throw new DataError(
      "ERR_DATA_IMAGE",
      `${file}: its samples are ${unread}, but images have 8 or 16 bits without a sign; convert or remove it`,
    );
  }
  if (channels > 5) {
    throw new DataError(
      "ERR_DATA_IMAGE",
      `${file}: it has ${channels} channels, but images have 1 to 5 (CMYK with alpha); convert or remove it`,
    );
  }
}
