import type { ImageChannels } from "./image-bytes.js";

/**
 * Converts pixels to red, green and blue, or to Pillow's grey. Alpha is dropped, and grey is repeated in all channels.
 *
 * @param bytes `[pixels, available]`; the result may be this array
 * @param available 1 (grey), 2 (grey and alpha), 3 (colour) or 4 (colour and alpha)
 */
export function takeChannels(
  bytes: Uint8Array,
  available: number,
  channels: ImageChannels,
): Uint8Array<ArrayBuffer> {
  if (available === channels && bytes.byteLength === bytes.buffer.byteLength)
    return bytes as Uint8Array<ArrayBuffer>;
  const [green, blue] = available < 3 ? [0, 0] : [1, 2];
  const pixels = bytes.length / available;
  const taken = new Uint8Array(pixels * channels);
  for (let p = 0, from = 0, to = 0; p < pixels; p++, from += available) {
    const r = bytes[from]!;
    const g = bytes[from + green]!;
    const b = bytes[from + blue]!;
    if (channels === 1) {
      taken[to++] = (19595 * r + 38470 * g + 7471 * b + 0x8000) >> 16; // ITU-R 601 in 16 bits
    } else {
      taken[to++] = r;
      taken[to++] = g;
      taken[to++] = b;
    }
  }
  return taken;
}
