import sharp from "sharp";
import { mostPixels } from "./pixel-limit.js";
import { readImageFile } from "./read-image-file.js";

/** Files that are looked at, at even distances in the list. */
const sampled = 32;

/** PNG and TIFF, the formats of 16-bit samples that state no maximum. */
const signature = /^(\x89PNG|II[*+]\0|MM\0[*+])/; // oxlint-disable-line no-control-regex

/**
 * A notice where images of 16 bits a sample use the lower bits only, as those of cameras and scanners with 10, 12 or 14
 * bits: of their high byte, which is what is kept, few levels remain. null where there is nothing to say.
 *
 * Looks at 32 of the files at most, and passes over those that cannot be read.
 */
export async function describeUnusedBits(files: readonly string[]): Promise<string | null> {
  const step = Math.max(1, files.length / sampled);
  const found: number[] = [];
  for (let i = 0; i < files.length; i += step) {
    const largest = await largestDeepSample(files[Math.floor(i)]!).catch(() => null);
    if (largest !== null) found.push(largest);
  }
  const largest = Math.max(...found);
  if (found.length === 0 || largest === 0 || largest >= 2 ** 15) return null;
  const bits = Math.floor(Math.log2(largest)) + 1;
  const levels = (largest >> 8) + 1;
  return (
    `images of 16 bits a sample use ${bits} of them: the largest value in ${found.length} of these files is ${largest}, and ` +
    `65535 would be white. The high byte is kept, so ${levels} of 256 levels remain; multiply the values by ` +
    `${2 ** (16 - bits)} in the files to keep them all`
  );
}

/** The largest sample of an image of 16 bits a sample; null for any other image. */
async function largestDeepSample(file: string): Promise<number | null> {
  const bytes = readImageFile(file);
  if (!signature.test(Buffer.from(bytes.subarray(0, 4)).toString("latin1"))) return null;
  const { depth, width, height } = await sharp(bytes).metadata();
  if (depth !== "ushort" || width * height > mostPixels()) return null;
  const { channels } = await sharp(bytes).stats();
  return Math.max(...channels.slice(0, channels.length < 3 ? 1 : 3).map(({ max }) => max));
}
