import {
  type Stats,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
} from "node:fs";
import { DataError } from "../../../data/data-error.js";
import { type ImageSize, formatSize } from "../../../data/transforms/image-bytes.js";

/** Bytes of a pixel in an uncompressed file with four channels of 16 bits; no sensible file has more. */
const maxBytesPerPixel = 8;

/**
 * Reads an image file, synchronously, which takes a fifth of the processor time of an asynchronous read. Only
 * regular files are opened, since a FIFO or a device could block or never end.
 *
 * @throws {DataError} `ERR_DATA_SOURCE` if there is no such file, it is not a regular one, or it cannot be read;
 *   `ERR_DATA_IMAGE` if it is larger than an image of the limit of pixels can be
 */
export function readImageFile(file: string): Uint8Array {
  const descriptor = orUnreadable(file, () =>
    openSync(file, constants.O_RDONLY | constants.O_NONBLOCK),
  );
  try {
    const stats = orUnreadable(file, () => fstatSync(descriptor));
    const finding = findingOf(stats);
    if (finding !== null) throw new DataError("ERR_DATA_SOURCE", `${file}: ${finding}`);
    const most = maxBytesPerPixel * maxPixels();
    if (stats.size > most) {
      throw new DataError(
        "ERR_DATA_IMAGE",
        `${file}: it has ${stats.size} bytes, but an image within the limit of pixels has at most ${most}`,
      );
    }
    return orUnreadable(file, () => readFileSync(descriptor));
  } finally {
    closeSync(descriptor);
  }
}

function orUnreadable<Result>(file: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** The error for a file that the system does not read. */
export function unreadable(file: string, error: unknown): DataError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    ELOOP: "a symbolic link leads back to itself",
    EACCES: "it may not be read: change its permissions",
  };
  const reason =
    code === "ENOENT"
      ? describeMissing(file)
      : (reasons[code ?? ""] ?? `it cannot be read (${message})`);
  return new DataError("ERR_DATA_SOURCE", `${file}: ${reason}`, { cause: error });
}

/** Why there is nothing at a path: a link that leads nowhere, or a path that was written on Windows. */
function describeMissing(file: string): string {
  if (lstatSync(file, { throwIfNoEntry: false })) return "it is a symbolic link that leads nowhere";
  const isWindows = file.includes("\\") && existsSync(file.replaceAll("\\", "/"));
  return isWindows
    ? "there is no such file, but there is one if its path is written with / instead of \\"
    : "there is no such file";
}

/** A name for what a path leads to, such as `a folder`; null for a regular file. */
export function findingOf(stats: Stats): string | null {
  if (stats.isFile()) return null;
  if (stats.isDirectory()) return "it is a folder, not a file";
  if (stats.isFIFO()) return "it is a FIFO, not a file";
  if (stats.isSocket()) return "it is a socket, not a file";
  return "it is a device, not a file";
}

/** Environment variable with the limit, in megapixels. */
const variable = "RESNET_MAX_MEGAPIXELS";

/** More than most cameras' photographs have; decoding takes at most ten bytes a pixel. */
const defaultMegapixels = 64;

const megapixel = 1_000_000;

/** The limit of pixels of an image, all frames of an animation together, from `RESNET_MAX_MEGAPIXELS`. */
export function maxPixels(): number {
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
 * Checks the size in an image's header against the limit, before the image is decoded.
 *
 * @param frames frames of a GIF, pages of a TIFF
 * @throws {DataError} `ERR_DATA_IMAGE`
 */
export function checkPixels(file: string, size: ImageSize, frames = 1): void {
  const pixels = size.height * size.width * frames;
  const most = maxPixels();
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
