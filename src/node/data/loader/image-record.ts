import { createHash } from "node:crypto";
import type { ImageBytes } from "../../../data/transforms/image-bytes.js";

/** What a file was when an image was made of it. */
export interface SourceState {
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

// Little-endian: height, width and channels, u32; size and time of the source, u64. Then the SHA-256 of all the rest.
const digestStart = 28;
const pixelStart = digestStart + 32;

/** The file of a kept image: a header, a checksum, the pixels. */
export function writeRecord(image: ImageBytes, { size, mtimeNs }: SourceState): Uint8Array {
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
export function readRecord(bytes: Uint8Array, { size, mtimeNs }: SourceState): ImageBytes | null {
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
