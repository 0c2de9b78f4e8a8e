/** In pixels. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

/** 1 is grey, 3 is red, green and blue. */
export type ImageChannels = 1 | 3;

export interface ImageShape extends ImageSize {
  /** 1 for grey, 3 for red, green and blue. */
  readonly channels: number;
}

/** A picture on the host. */
export interface ImageBytes extends ImageShape {
  /** `[height, width, channels]`, 0 … 255. */
  readonly data: Uint8Array;
}

/** Makes a black image in new memory. */
export const blankImage = ({ height, width, channels }: ImageShape): ImageBytes => ({
  height,
  width,
  channels,
  data: new Uint8Array(height * width * channels),
});

/** `96 x 128`, height first. */
export const formatSize = ({ height, width }: ImageSize): string => `${height} x ${width}`;

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
      taken[to++] = luminance(r, g, b);
    } else {
      taken[to++] = r;
      taken[to++] = g;
      taken[to++] = b;
    }
  }
  return taken;
}

/** The luminance of red, green and blue bytes by ITU-R 601, in 16-bit fixed point: Pillow's `convert("L")`. */
const luminance = (red: number, green: number, blue: number): number =>
  (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;

/** The luminance of each pixel, one byte a pixel. A grey image gives its own memory. */
export function greyOf({ height, width, channels, data }: ImageBytes): Uint8Array {
  if (channels === 1) return data;
  const grey = new Uint8Array(height * width);
  for (let p = 0, i = 0; p < grey.length; p++, i += channels) {
    grey[p] = luminance(data[i]!, data[i + 1]!, data[i + 2]!);
  }
  return grey;
}

/** The image in grey, with `channels` equal channels. */
export function toGrey(image: ImageBytes, channels: number): ImageBytes {
  const grey = greyOf(image);
  const data = channels === 1 ? grey : new Uint8Array(grey.length * channels);
  if (channels > 1) for (let i = 0; i < data.length; i++) data[i] = grey[Math.floor(i / channels)]!;
  return { ...image, channels, data };
}

/** To the nearest whole number, halves to the even one: Python's `round`. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
