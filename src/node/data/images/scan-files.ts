import { accessSync, constants, statSync } from "node:fs";
import sharp from "sharp";
import { DataError } from "../../../data/data-error.js";
import { findingOf, maxPixels, readImageFile, unreadable } from "./read-image-file.js";

/**
 * Refuses image files that cannot be opened, all at once: those that are missing, empty or forbidden, links that lead
 * nowhere, FIFOs and devices. Opens none of them, so that the scan takes microseconds for a file.
 *
 * @throws {DataError} `ERR_DATA_SOURCE`, naming the first ten
 */
export function scanFiles(files: readonly string[]): void {
  const findings = findUnopenable(files);
  if (findings.length === 0) return;
  throw new DataError(
    "ERR_DATA_SOURCE",
    `${describeFindings(findings, "cannot be read")}\nrepair or remove them, or leave them out with --on-unreadable skip`,
  );
}

/** One finding, with the file's name, for each file that cannot be opened. */
export function findUnopenable(files: readonly string[]): string[] {
  const findings: string[] = [];
  for (const file of files) {
    const finding = scanFile(file);
    if (finding !== null) findings.push(finding);
  }
  return findings;
}

/** Why a file cannot be opened; null if it can. */
function scanFile(file: string): string | null {
  try {
    const stats = statSync(file);
    const finding = stats.isFile() && stats.size === 0 ? "the file is empty" : findingOf(stats);
    if (finding !== null) return `${file}: ${finding}`;
    accessSync(file, constants.R_OK);
    return null;
  } catch (error) {
    return unreadable(file, error).message;
  }
}

const maxFindings = 10;

/** Describes the findings on image files, ten at most: `2 image files are left out:` and a line for each. */
export function describeFindings(findings: readonly string[], verdict: string): string {
  const files = findings.length === 1 ? "1 image file" : `${findings.length} image files`;
  const more = findings.length > maxFindings ? [`and ${findings.length - maxFindings} more`] : [];
  const lines = [...findings.slice(0, maxFindings), ...more];
  return [`${files} ${verdict}:`, ...lines.map((line) => `  ${line}`)].join("\n");
}

/** The number of files that are inspected, at even distances in the list. */
const sampled = 32;

/** PNG and TIFF, the formats with 16-bit samples and without a stated maximum. */
const signature = /^(\x89PNG|II[*+]\0|MM\0[*+])/; // oxlint-disable-line no-control-regex

/**
 * A notice if 16-bit images use only the lower bits, as cameras and scanners of 10, 12 or 14 bits may: few levels
 * remain in the high byte, which is the one that is kept. Null if there is no such image.
 *
 * Inspects at most 32 of the files and skips unreadable ones.
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

/** The largest sample of a 16-bit image; null for any other image. */
async function largestDeepSample(file: string): Promise<number | null> {
  const bytes = readImageFile(file);
  if (!signature.test(Buffer.from(bytes.subarray(0, 4)).toString("latin1"))) return null;
  const { depth, width, height } = await sharp(bytes).metadata();
  if (depth !== "ushort" || width * height > maxPixels()) return null;
  const { channels } = await sharp(bytes).stats();
  return Math.max(...channels.slice(0, channels.length < 3 ? 1 : 3).map(({ max }) => max));
}
