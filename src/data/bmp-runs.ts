import type { ImageSize } from "./transforms/image-bytes.js";

/**
 * The palette indices of a bitmap's runs (RLE8 or RLE4), one byte a pixel, rows in the file's order; null if the runs end
 * before the picture is full, where Pillow refuses the file too.
 *
 * Source: Microsoft's "Bitmap Compression", and Pillow's `BmpRleDecoder`.
 */
export function decodeBmpRuns(
  runs: Uint8Array,
  { height, width }: ImageSize,
  hasFourBits: boolean,
): Uint8Array | null {
  const indices = new Uint8Array(height * width);
  let from = 0;
  let to = 0;
  let x = 0;
  while (to < indices.length && from + 1 < runs.length) {
    const count = runs[from++]!;
    const value = runs[from++]!;
    if (count > 0) {
      const end = Math.min(to + count, to + Math.max(0, width - x)); // a run ends with its row
      const [even, odd] = hasFourBits ? [value >> 4, value & 15] : [value, value];
      for (let i = 0; to < end; i++) indices[to++] = i % 2 === 0 ? even : odd;
      x += count;
    } else if (value === 0) {
      to = Math.ceil(to / width) * width; // the end of a row
      x = 0;
    } else if (value === 1) {
      break; // the end of the picture
    } else if (value === 2) {
      to += (runs[from] ?? 0) + (runs[from + 1] ?? 0) * width; // right and on to other rows
      from += 2;
      x = to % width;
    } else {
      for (let i = 0; i < value && to < indices.length; i++) {
        const byte = runs[from + (hasFourBits ? i >> 1 : i)];
        if (byte === undefined) return null;
        indices[to++] = hasFourBits ? (i % 2 === 0 ? byte >> 4 : byte & 15) : byte;
      }
      const bytes = hasFourBits ? Math.ceil(value / 2) : value;
      from += bytes + (bytes % 2);
      x += value;
    }
  }
  return to >= indices.length ? indices : null;
}
