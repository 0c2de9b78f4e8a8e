import type { ImageBytes, ImageSize } from "./image-bytes.js";
import type { PixelLoops } from "./pixel-loops.js";

/**
 * Where the pixels of a result come from, after any number of crops, flips and an erased rectangle. Result pixel (h,
 * w) is source pixel `(rows.start + rows.step · h, columns.start + columns.step · w)`, or the fill colour if that
 * lies outside the image.
 */
export interface Placement {
  readonly rows: Axis;
  readonly columns: Axis;
  /** Pixels of the result that are covered. */
  readonly erased: Rectangle;
}

/** One axis of a result, in pixels of the source. */
export interface Axis {
  readonly start: number;
  readonly step: 1 | -1;
  /** Pixels of the result. */
  readonly size: number;
}

/** Rows `top … bottom − 1` and columns `left … right − 1`. */
export interface Rectangle {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

export const nothing: Rectangle = { top: 0, left: 0, bottom: 0, right: 0 };

/** The placement that leaves every pixel in place. */
export const inPlace = ({ height, width }: ImageSize): Placement => ({
  rows: { start: 0, step: 1, size: height },
  columns: { start: 0, step: 1, size: width },
  erased: nothing,
});

/** The axis cropped to `size` pixels from `offset` on; both ends may lie outside the image. */
export const cropAxis = ({ start, step }: Axis, offset: number, size: number): Axis => ({
  start: start + step * offset,
  step,
  size,
});

export const flipAxis = ({ start, step, size }: Axis): Axis => ({
  start: start + step * (size - 1),
  step: step === 1 ? -1 : 1,
  size,
});

/** Byte value of each channel; one number stands for all channels. */ export type Fill =
  number | readonly number[];

export const fillBytes = (fill: Fill, channels: number): number[] =>
  Array.from({ length: channels }, (_, c) =>
    typeof fill === "number" ? fill : (fill[c % fill.length] ?? 0),
  );

/** Makes the image that a placement describes; `fill` colours the pixels outside the source and the erased ones. */
export function placeImage(
  image: ImageBytes,
  { rows, columns, erased }: Placement,
  fill: Fill,
  loops: PixelLoops,
): ImageBytes {
  const { height, width, channels, data } = image;
  const result = loops.blank({ height: rows.size, width: columns.size, channels });
  const isErasing = erased.bottom > erased.top && erased.right > erased.left;
  if (!isErasing && isWithin(rows, height) && isWithin(columns, width)) {
    loops.copyPixels(data, result.data, channels, {
      start: rows.start * width + columns.start,
      perRow: rows.step * width,
      perColumn: columns.step,
      height: rows.size,
      width: columns.size,
    });
    return result;
  }
  const color = fillBytes(fill, channels);
  for (let h = 0, out = 0; h < rows.size; h++) {
    const row = rows.start + rows.step * h;
    for (let w = 0; w < columns.size; w++) {
      const column = columns.start + columns.step * w;
      const isErased = h >= erased.top && h < erased.bottom && w >= erased.left && w < erased.right;
      const isInside = row >= 0 && row < height && column >= 0 && column < width;
      const pixel = (row * width + column) * channels;
      for (let c = 0; c < channels; c++) {
        result.data[out++] = isInside && !isErased ? data[pixel + c]! : color[c]!;
      }
    }
  }
  return result;
}

/** Whether all positions of an axis lie inside an image of that size. */
function isWithin({ start, step, size: pixels }: Axis, size: number): boolean {
  const last = start + step * (pixels - 1);
  return Math.min(start, last) >= 0 && Math.max(start, last) < size;
}
