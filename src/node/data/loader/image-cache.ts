import { createHash, randomUUID } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import sharp from "sharp";
import { DataError } from "../../../data/data-error.js";
import type { ImageBytes } from "../../../data/transforms/image-bytes.js";
import { formatTransforms } from "../../../data/transforms/transform-text.js";
import type { TransformList } from "../../../data/transforms/transform.js";
import type { ImageChannels } from "../images/decode-image.js";
import { machineEnvironment } from "../sources/environment.js";

/** What is kept: a file's pixels after transforms that draw nothing. */
interface CachedImage {
  readonly file: string;
  readonly channels: ImageChannels;
  readonly transforms: TransformList;
}

/** Raised whenever a decoder or a transform of this package begins to give other bytes. */
const version = 1;

/** Where images are kept if nobody says otherwise: `$XDG_CACHE_HOME/resnet-ts/images`. */
export const defaultImageCache = (): string => path.join(machineEnvironment().cacheDir, "images");

/** Where files are written before they are whole and renamed: what a killed process leaves there is found at once. */
const unfinished = (directory: string): string => path.join(directory, "unfinished");

/** A file is written in an instant: an older one belongs to nobody. */
const abandonedAfterMs = 3_600_000;

/**
 * Makes the directory of a cache, and sweeps out what killed processes left half-written.
 *
 * @throws {DataError} `ERR_DATA_CACHE` if it cannot be made or written
 */
export function openImageCache(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK);
    sweep(unfinished(directory));
  } catch (error) {
    const { message } = error as Error;
    throw new DataError(
      "ERR_DATA_CACHE",
      `${directory}: images cannot be kept there (${message}): name another directory with --cache`,
      { cause: error },
    );
  }
}

/**
 * An image out of the cache; one that is not there, or is of an older file, or damaged, is made and kept.
 *
 * Each image is a file of its own, renamed into place when it is whole, so that threads and runs share a directory
 * without a lock: who makes the same image at the same time writes the same bytes. It is read and written synchronously,
 * since the thread has nothing else to do meanwhile.
 *
 * @param make the image from its file. What it throws is thrown, and nothing is kept
 */
export async function cachedImage(
  directory: string,
  image: CachedImage,
  make: () => Promise<ImageBytes>,
): Promise<ImageBytes> {
  const source = stateOf(image.file); // before it is read: what changes in between is seen next time
  if (!source) return make(); // whose error says what is wrong with the file
  const record = recordFile(directory, image);
  const kept = readRecord(readIfThere(record), source);
  if (kept) return kept;
  const made = await make();
  keep(directory, record, writeRecord(made, source));
  return made;
}

/** A file for each path, kind of decoding and list of transforms. */
function recordFile(directory: string, { file, channels, transforms }: CachedImage): string {
  const decoder = `sharp ${sharp.versions.sharp} libvips ${sharp.versions.vips}`;
  const made = [version, decoder, path.resolve(file), channels, formatTransforms(transforms)];
  const name = createHash("sha256").update(JSON.stringify(made)).digest("hex");
  return path.join(directory, name.slice(0, 2), name);
}

function stateOf(file: string): SourceState | null {
  try {
    const { size, mtimeNs } = statSync(file, { bigint: true });
    return { size, mtimeNs };
  } catch {
    return null;
  }
}

function readIfThere(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch {
    return new Uint8Array();
  }
}

/**
 * Puts a record in its place. It is not flushed, since its checksum tells a part from the whole; and where it cannot be
 * written, as on a full disk, the training goes on without.
 */
function keep(directory: string, file: string, record: Uint8Array): void {
  const temporary = path.join(unfinished(directory), randomUUID());
  try {
    for (const each of [file, temporary]) mkdirSync(path.dirname(each), { recursive: true });
  } catch {
    return;
  }
  try {
    writeFileSync(temporary, record, { flag: "wx" });
    renameSync(temporary, file);
  } catch {
    rmSync(temporary, { force: true });
  }
}

function sweep(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Infinity);
    if (age > abandonedAfterMs) rmSync(file, { force: true });
  }
}

/** What a file was when an image was made of it. */
interface SourceState {
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

// Little-endian: height, width and channels, u32; size and time of the source, u64. Then the SHA-256 of all the rest.
const digestStart = 28;
const pixelStart = digestStart + 32;

/** The file of a kept image: a header, a checksum, the pixels. */
function writeRecord(image: ImageBytes, { size, mtimeNs }: SourceState): Uint8Array {
  const record = Buffer.alloc(pixelStart + image.data.length);
  record.writeUInt32LE(image.height, 0);
  record.writeUInt32LE(image.width, 4);
  record.writeUInt32LE(image.channels, 8);
  record.writeBigUInt64LE(size, 12);
  record.writeBigInt64LE(mtimeNs, 20);
  record.set(image.data, pixelStart);
  record.set(digestOf(record), digestStart);
  return record;
}

/** The image of a record; null if it is of another state of its source, or not what was written. */
function readRecord(bytes: Uint8Array, { size, mtimeNs }: SourceState): ImageBytes | null {
  if (bytes.length < pixelStart) return null;
  const record = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (record.readBigUInt64LE(12) !== size || record.readBigInt64LE(20) !== mtimeNs) return null;
  if (!record.subarray(digestStart, pixelStart).equals(digestOf(record))) return null;
  const [height, width, channels] = [0, 4, 8].map((at) => record.readUInt32LE(at));
  return {
    height: height!,
    width: width!,
    channels: channels!,
    data: bytes.subarray(pixelStart),
  };
}

const digestOf = (record: Uint8Array): Buffer =>
  createHash("sha256")
    .update(record.subarray(0, digestStart))
    .update(record.subarray(pixelStart))
    .digest();
