import sharp, { type Metadata } from "sharp";
import { decodeBmp } from "../../../data/bmp.js";
import { DataError } from "../../../data/data-error.js";
import { decodeNetpbm } from "../../../data/netpbm.js";
import {
  type ImageBytes,
  type ImageChannels,
  type ImageSize,
  takeChannels,
} from "../../../data/transforms/image-bytes.js";
import { type HostArray, hostArray } from "../../../tensor/host-array.js";
import { checkPixels, readImageFile } from "./read-image-file.js";

export type { ImageChannels };

/**
 * The pixels of one image: u8 `[H, W, C]`. JPEG, PNG, WebP, AVIF, GIF and TIFF (the first frame of each), BMP, PBM, PGM
 * and PPM, recognized by their first bytes and not by the file's name.
 *
 * The bytes are those of Pillow's `Image.open(file)`, `ImageOps.exif_transpose` and `convert("RGB")` or `convert("L")`,
 * as torchvision's `ImageFolder` has them, except for the orientation, which torchvision ignores. Alpha is dropped,
 * palettes are resolved, grey is repeated in all channels, and colour profiles are ignored. 16-bit samples keep their
 * high byte, where Pillow clips them. CMYK, AVIF's halved colour, and GIF's transparent pixels (black here) differ from
 * Pillow's.
 *
 * @param source a regular file's path, or the bytes of a file
 * @param name the name that errors give to bytes
 * @throws {DataError} `ERR_DATA_SOURCE` if the file cannot be read; `ERR_DATA_IMAGE` if it has an unknown format,
 *   is damaged or truncated, or exceeds the limit of `RESNET_MAX_MEGAPIXELS` (64 megapixels by default)
 */
export async function decodeImage(
  source: string | Uint8Array,
  channels: ImageChannels,
  name = "the image",
): Promise<HostArray<"u8">> {
  const file = typeof source === "string" ? source : name;
  const bytes = typeof source === "string" ? readImageFile(source) : source;
  const image = await decode(bytes, file);
  const pixels = takeChannels(image.data, image.channels, channels);
  return hostArray([image.height, image.width, channels], pixels, "u8");
}

type Decode = (bytes: Uint8Array, file: string) => ImageBytes | Promise<ImageBytes>;

const checkSizeOf =
  (file: string) =>
  (size: ImageSize): void =>
    checkPixels(file, size);

/** The first bytes of each format. libvips would read more formats, such as SVG, which is not a photograph. */
const decoders: readonly (readonly [signature: RegExp, decode: Decode])[] = [
  // oxlint-disable-next-line no-control-regex
  [/^(\xff\xd8\xff|\x89PNG|RIFF.{4}WEBP|.{4}ftyp|GIF8|II[*+]\0|MM\0[*+])/s, decodeWithSharp],
  [/^BM/, (bytes, file) => decodeBmp(bytes, checkSizeOf(file))],
  [/^P[1-6][\s#]/, (bytes, file) => decodeNetpbm(bytes, checkSizeOf(file))],
];

const unknownFormat =
  "it is not a JPEG, PNG, WebP, AVIF, GIF, TIFF, BMP, PBM, PGM or PPM, or is cut off in its header";

async function decode(bytes: Uint8Array, file: string): Promise<ImageBytes> {
  if (bytes.length === 0) throw notAnImage(file, "the file is empty");
  const start = Buffer.from(bytes.subarray(0, 12)).toString("latin1");
  const decoder = decoders.find(([signature]) => signature.test(start));
  if (!decoder) throw notAnImage(file, unknownFormat);
  try {
    return await decoder[1](bytes, file);
  } catch (error) {
    if (error instanceof DataError && error.code === "ERR_DATA_IMAGE") throw error;
    throw notAnImage(file, error instanceof DataError ? error.message : findingOf(error), error);
  }
}

/** The first line of libvips' message, which repeats itself. */
function findingOf(error: unknown): string {
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  if (/unsupported image format/.test(line)) return unknownFormat;
  return `it is damaged or truncated (${line.replace(/^Input (file|buffer) has corrupt header: /, "")})`;
}

const notAnImage = (file: string, finding: string, cause?: unknown): DataError =>
  new DataError("ERR_DATA_IMAGE", `${file}: ${finding}; repair or remove it`, { cause });

/**
 * The pixels of a JPEG, PNG, WebP, AVIF, GIF or TIFF by libvips, upright: red, green and blue, and perhaps alpha.
 * The header is checked before anything is decoded.
 *
 * @throws {DataError} `ERR_DATA_IMAGE` if all frames together have too many pixels, or samples do not have 8 or 16
 *   bits; sharp's own error if the file is damaged
 */
async function decodeWithSharp(bytes: Uint8Array, file: string): Promise<ImageBytes> {
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
