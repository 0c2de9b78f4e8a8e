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

/** The key of a cached image: a file's pixels after transforms without random draws. */
interface CachedImage {
  readonly file: string;
  readonly channels: ImageChannels;
  readonly transforms: TransformList;
}

/** Increased whenever a decoder or transform of this package changes its bytes. */
const version = 1;

/** The default directory of cached images: `$XDG_CACHE_HOME/resnet-ts/images`. */
export const defaultImageCache = (): string => path.join(machineEnvironment().cacheDir, "images");

/**
 * Files are written here and renamed when they are complete, so that leftovers of killed processes are easy to find.
 */
const unfinished = (directory: string): string => path.join(directory, "unfinished");

/** Writing takes less than a second: an older file is abandoned. */
const abandonedAfterMs = 3_600_000;

/**
 * Creates the directory of a cache, and removes incomplete files of killed processes.
 *
 * @throws {DataError} `ERR_DATA_CACHE` if it cannot be created or written
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
 * Reads an image from the cache; if it is missing, outdated or damaged, it is made and stored.
 *
 * Each image is a file, renamed into place when it is complete, so that threads and runs share a directory without a
 * lock: concurrent writers of an image write the same bytes. Files are read and written synchronously, since the
 * thread has nothing else to do.
 *
 * @param make makes the image from its file; if it throws, nothing is stored
 */
export async function cachedImage(
  directory: string,
  image: CachedImage,
  make: () => Promise<ImageBytes>,
): Promise<ImageBytes> {
  const source = stateOf(image.file); // taken before reading, so that a change in between is noticed next time
  if (!source) return make(); // throws the error of the missing file
  const record = recordFile(directory, image);
  const kept = readRecord(readIfThere(record), source);
  if (kept) return kept;
  const made = await make();
  keep(directory, record, writeRecord(made, source));
  return made;
}

/** The cache's file for a path, decoder and list of transforms. */
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
 * Stores a record. It is not flushed, since its checksum reveals an incomplete file. If it cannot be written, as on
 * a full disk, the training continues without it.
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

/** The state of a file when its image was made. */
interface SourceState {
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

// Little-endian: height, width and channels as u32; size and time of the source as u64; then the SHA-256 of the rest.
const digestStart = 28;
const pixelStart = digestStart + 32;

/** Encodes a cached image: header, checksum, pixels. */
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

/** Decodes a cached image; null if its source has changed or the record is damaged. */
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
