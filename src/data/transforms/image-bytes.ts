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

/** Makes a black image in memory of its own. */
export const blankImage = ({ height, width, channels }: ImageShape): ImageBytes => ({
  height,
  width,
  channels,
  data: new Uint8Array(height * width * channels),
});

/** `96 x 128`, height first. */
export const formatSize = ({ height, width }: ImageSize): string => `${height} x ${width}`;
