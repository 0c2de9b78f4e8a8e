import type { ImageBytes, ImageSize } from "./image-bytes.js";
import { type PixelLoops, plainLoops } from "./pixel-loops.js";
import { type Fill, fillBytes } from "./placement.js";

/** How a position between pixels is read. */
export type AffineInterpolation = "nearest" | "bilinear";

/** Result pixel (x, y) is read from position `(a·x + b·y + c, d·x + e·y + f)` of the source; x points right, y down. */
export type AffineMatrix = readonly [
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
];

/**
 * The image under an affine map, in its own size; positions outside the image get the fill colour.
 *
 * Pillow's `Image.transform(size, AFFINE, matrix, resample, fillcolor=fill)`, byte for byte for images of up to 16,000
 * pixels a side.
 */
export function affineImage(
  image: ImageBytes,
  matrix: AffineMatrix,
  interpolation: AffineInterpolation,
  fill: Fill,
  { blank }: Pick<PixelLoops, "blank"> = plainLoops,
): ImageBytes {
  const result = blank(image);
  const outside = fillBytes(fill, image.channels);
  if (interpolation === "bilinear") readBetween(image, matrix, outside, result.data);
  else readNearest(image, positionsOf(matrix), outside, result.data);
  return result;
}

/** Source coordinates of a result's pixel, as whole numbers; they may lie outside the image. */
type Positions = (x: number, y: number) => readonly [x: number, y: number];

/** Pillow's arithmetic: sums of floats without rotation or shear, else fixed point with 16 fraction bits. */
function positionsOf([a, b, c, d, e, f]: AffineMatrix): Positions {
  if (b === 0 && d === 0) {
    const [columns, rows] = [stepper(c + a * 0.5, a), stepper(f + e * 0.5, e)];
    return (x, y) => [columns(x), rows(y)];
  }
  const fixed = (value: number): number => Math.floor(value * 65536 + 0.5);
  const [stepX, stepY] = [
    [fixed(a), fixed(d)],
    [fixed(b), fixed(e)],
  ] as const;
  const start = [fixed(c + a * 0.5 + b * 0.5), fixed(f + d * 0.5 + e * 0.5)] as const;
  return (x, y) => [
    Math.floor((start[0] + stepY[0] * y + stepX[0] * x) / 65536),
    Math.floor((start[1] + stepY[1] * y + stepX[1] * x) / 65536),
  ];
}

/** The i-th position by repeated addition, which rounds as Pillow's does; earlier positions are kept. */
function stepper(start: number, step: number): (i: number) => number {
  const positions: number[] = [];
  let next = start;
  return (i) => {
    while (positions.length <= i) {
      positions.push(next < 0 ? -1 : Math.trunc(next));
      next += step;
    }
    return positions[i]!;
  };
}

function readNearest(
  image: ImageBytes,
  positions: Positions,
  outside: readonly number[],
  out: Uint8Array,
): void {
  const { height, width, channels, data } = image;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [column, row] = positions(x, y);
      const isInside = isWithin(row, column, image);
      const pixel = (row * width + column) * channels;
      for (let k = 0; k < channels; k++) out[i++] = isInside ? data[pixel + k]! : outside[k]!;
    }
  }
}

function readBetween(
  image: ImageBytes,
  [a, b, c, d, e, f]: AffineMatrix,
  outside: readonly number[],
  out: Uint8Array,
): void {
  const { height, width, channels, data } = image;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += channels) {
      const column = a * (x + 0.5) + b * (y + 0.5) + c;
      const row = d * (x + 0.5) + e * (y + 0.5) + f;
      if (!isWithin(row, column, image)) {
        out.set(outside, i);
        continue;
      }
      const [left, top] = [Math.floor(column - 0.5), Math.floor(row - 0.5)];
      const [dx, dy] = [column - 0.5 - left, row - 0.5 - top];
      const [x0, x1] = [Math.max(left, 0), Math.min(left + 1, width - 1)];
      const upper = Math.max(top, 0) * width;
      const lower = Math.min(top + 1, height - 1) * width;
      for (let k = 0; k < channels; k++) {
        const at = (pixel: number): number => data[pixel * channels + k]!;
        const above = at(upper + x0) + (at(upper + x1) - at(upper + x0)) * dx;
        const below = at(lower + x0) + (at(lower + x1) - at(lower + x0)) * dx;
        out[i + k] = above + (below - above) * dy;
      }
    }
  }
}

const isWithin = (row: number, column: number, { height, width }: ImageSize): boolean =>
  row >= 0 && row < height && column >= 0 && column < width;

const radians = (degrees: number): number => degrees * (Math.PI / 180);

/** Rotation, scale and shear around a centre, then a shift. */
export interface AffineMotion {
  /** Degrees, clockwise. */
  readonly angle?: number;
  /** Pixels to the right and down. */
  readonly translate?: readonly [number, number];
  readonly scale?: number;
  /** Degrees along x and y. */
  readonly shear?: readonly [number, number];
  /** x and y. Default: the middle. */
  readonly center?: readonly [number, number];
}

/** The map from result to source of a motion: torchvision's `affine` on a PIL image. */
export function motionMatrix(
  { angle = 0, translate = [0, 0], scale = 1, shear = [0, 0], center }: AffineMotion,
  { height, width }: ImageSize,
): AffineMatrix {
  const [turn, sx, sy] = [radians(angle), radians(shear[0]), radians(shear[1])];
  const [cx, cy] = center ?? [width * 0.5, height * 0.5];
  // Rotation times shear along y times shear along x, whose determinant is 1.
  const a = Math.cos(turn - sy) / Math.cos(sy);
  const b = (-Math.cos(turn - sy) * Math.tan(sx)) / Math.cos(sy) - Math.sin(turn);
  const c = Math.sin(turn - sy) / Math.cos(sy);
  const d = (-Math.sin(turn - sy) * Math.tan(sx)) / Math.cos(sy) + Math.cos(turn);
  const [m0, m1, m3, m4] = [d / scale, -b / scale, -c / scale, a / scale];
  const [x, y] = [-cx - translate[0], -cy - translate[1]];
  return [m0, m1, m0 * x + m1 * y + cx, m3, m4, m3 * x + m4 * y + cy];
}

/** The map of a counter-clockwise rotation around the middle, in degrees: Pillow's `Image.rotate`. */
export function rotationMatrix(angle: number, { height, width }: ImageSize): AffineMatrix {
  const turn = -radians(angle - 360 * Math.floor(angle / 360));
  const rounded = (value: number): number => Number(value.toFixed(15));
  const [cos, sin, minusSin] = [Math.cos(turn), Math.sin(turn), -Math.sin(turn)].map(rounded) as [
    number,
    number,
    number,
  ];
  const [cx, cy] = [width / 2, height / 2];
  return [cos, sin, cos * -cx + sin * -cy + cx, minusSin, cos, minusSin * -cx + cos * -cy + cy];
}
