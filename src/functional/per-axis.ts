import type { Tensor } from "../graph/tensor.js";
import { asImages } from "../ops/permute.js";
import { pad } from "../ops/slice.js";
import { ResnetError } from "../tensor/error.js";
import { dims4, ShapeError } from "../tensor/shape.js";
import { shapeOf } from "./axes.js";

/** One number for height and width, or one for each. */
export type PerAxis = number | readonly [height: number, width: number];
export type Pair = readonly [number, number];

/** Both numbers. @throws {ResnetError} `ERR_ATTRIBUTE` unless they are integers of `least` or more */
export const pair = (op: string, name: string, value: PerAxis, least: number): Pair => {
  const both: Pair = typeof value === "number" ? [value, value] : value;
  if (both.length === 2 && both.every((each) => Number.isInteger(each) && each >= least))
    return both;
  throw new ResnetError(
    "ERR_ATTRIBUTE",
    `${op}: ${name} must be an integer of at least ${least}, or two, but it is ${JSON.stringify(value)}`,
  );
};

/** The images, H W N C in memory. @throws {ShapeError} unless there are 4 axes */
export function imagesOf(op: string, x: Tensor): Tensor {
  if (x.shape.length === 4) return asImages(x);
  throw new ShapeError(op, `x needs 4 axes but has ${x.shape.length}`, {
    x: { shape: shapeOf(x), axes: "N C H W" },
  });
}

/** Pixels before and after an image, along each axis. */
export type Sides = readonly [height: Pair, width: Pair];

/** The image with pixels of `value` around it. */
export function padImage(
  image: Tensor,
  [[top, bottom], [left, right]]: Sides,
  value: number,
): Tensor {
  const [h, w, n, c] = dims4(image);
  const place = { starts: [top, left, 0, 0], steps: [1, 1, 1, 1] };
  return pad(image, [h + top + bottom, w + left + right, n, c], place, value);
}
