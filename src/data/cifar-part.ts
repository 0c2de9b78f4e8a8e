import { hostArray } from "../tensor/host-array.js";
import type { Dataset } from "./dataset.js";

const planeBytes = 32 * 32;
/** Bytes of one image: 1024 red, 1024 green, 1024 blue; each 32 x 32, row after row. */
export const cifarImageBytes = 3 * planeBytes;

/** What one of CIFAR's files holds, whatever its form. */
export interface CifarPart {
  /** `[rows]`. */
  readonly labels: Int32Array;
  /** Has the images, of `cifarImageBytes` each. */
  readonly bytes: Uint8Array;
  /** Where the first image starts, and how many bytes lie from one image to the next. */
  readonly start: number;
  readonly stride: number;
}

/** The parts, one after the other, as a data set: images `[rows, 32, 32, 3]`, channels innermost. */
export function joinCifarParts(
  name: string,
  parts: readonly CifarPart[],
  classes: readonly string[],
): Dataset {
  const rows = parts.reduce((sum, { labels }) => sum + labels.length, 0);
  const images = new Uint8Array(rows * cifarImageBytes);
  const allLabels = new Int32Array(rows);
  let row = 0;
  for (const { labels, bytes, start, stride } of parts) {
    allLabels.set(labels, row);
    for (let i = 0; i < labels.length; i++) {
      interleave(bytes, start + i * stride, images, (row + i) * cifarImageBytes);
    }
    row += labels.length;
  }
  return {
    name,
    images: hostArray([rows, 32, 32, 3], images, "u8"),
    labels: hostArray([rows], allLabels, "i32"),
    classes,
  };
}

/** Writes one image of three planes at `from` to `images` at `to`, channels innermost. */
function interleave(planes: Uint8Array, from: number, images: Uint8Array, to: number): void {
  for (let pixel = 0; pixel < planeBytes; pixel++) {
    images[to + 3 * pixel] = planes[from + pixel]!;
    images[to + 3 * pixel + 1] = planes[from + planeBytes + pixel]!;
    images[to + 3 * pixel + 2] = planes[from + 2 * planeBytes + pixel]!;
  }
}
