import { blankImage, type ImageBytes, type ImageSize } from "./image-bytes.js";

/**
 * Where the pixels of a result come from: what crops, flips and an erased rectangle make of an image together. Result
 * pixel (h, w) is source pixel `(rows.start + rows.step · h, columns.start + columns.step · w)`, or a fill colour
 * where that lies outside.
 */
export interface Placement {
  readonly rows: Axis;
  readonly columns: Axis;
  /** Pixels of the result that another colour covers. */
  readonly erased: Rectangle;
}

/** One axis of a result, in pixels of the source. */
export interface Axis {
  readonly start: number;
  readonly step: 1 | -1;
  /** Of the result. */
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

/** Every pixel where it is. */
export const inPlace = ({ height, width }: ImageSize): Placement => ({
  rows: { start: 0, step: 1, size: height },
  columns: { start: 0, step: 1, size: width },
  erased: nothing,
});

/** The part of `size` pixels from `offset` on; both ends may lie outside. */
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

/** Byte values of each channel; one number stands for all channels. */
export type Fill = number | readonly number[];

export const fillBytes = (fill: Fill, channels: number): number[] =>
  Array.from({ length: channels }, (_, c) =>
    typeof fill === "number" ? fill : (fill[c % fill.length] ?? 0),
  );

/** The image that a placement describes. */
export function placeImage(
  image: ImageBytes,
  { rows, columns, erased }: Placement,
  fill: Fill,
  eraseFill: Fill = 0,
): ImageBytes {
  const { height, width, channels, data } = image;
  const result = blankImage({ height: rows.size, width: columns.size, channels });
  const [outside, covered] = [fillBytes(fill, channels), fillBytes(eraseFill, channels)];
  const isErasing = erased.bottom > erased.top && erased.right > erased.left;
  const last = columns.start + columns.step * (columns.size - 1);
  const isRowWhole =
    !isErasing && Math.min(columns.start, last) >= 0 && Math.max(columns.start, last) < width;
  for (let h = 0, out = 0; h < rows.size; h++) {
    const row = rows.start + rows.step * h;
    if (isRowWhole && row >= 0 && row < height) {
      const from = (row * width + Math.min(columns.start, last)) * channels;
      const pixels = data.subarray(from, from + columns.size * channels);
      if (columns.step === 1) result.data.set(pixels, out);
      else copyReversed(pixels, channels, result.data, out);
      out += pixels.length;
      continue;
    }
    for (let w = 0; w < columns.size; w++) {
      const column = columns.start + columns.step * w;
      const isErased = h >= erased.top && h < erased.bottom && w >= erased.left && w < erased.right;
      const isInside = row >= 0 && row < height && column >= 0 && column < width;
      const pixel = (row * width + column) * channels;
      for (let c = 0; c < channels; c++) {
        result.data[out++] = isErased ? covered[c]! : isInside ? data[pixel + c]! : outside[c]!;
      }
    }
  }
  return result;
}

/** Writes a row of pixels from the last to the first. */
function copyReversed(row: Uint8Array, channels: number, target: Uint8Array, offset: number): void {
  let to = offset;
  if (channels === 3) {
    // Written out: 0.3 ms and not 0.5 for 224 x 224 pixels.
    for (let from = row.length - 3; from >= 0; from -= 3, to += 3) {
      target[to] = row[from]!;
      target[to + 1] = row[from + 1]!;
      target[to + 2] = row[from + 2]!;
    }
    return;
  }
  for (let from = row.length - channels; from >= 0; from -= channels)
    for (let c = 0; c < channels; c++) target[to++] = row[from + c]!;
}
