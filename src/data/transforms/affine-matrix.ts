import type { AffineMatrix } from "./affine-image.js";
import type { ImageSize } from "./image-bytes.js";

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
  /** x and y. Default the middle. */
  readonly center?: readonly [number, number];
}

/** The map from result to source that undoes a motion. torchvision's `affine` on a PIL image. */
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

/** The map of a rotation around the middle, counter-clockwise in degrees. Pillow's `Image.rotate`. */
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
