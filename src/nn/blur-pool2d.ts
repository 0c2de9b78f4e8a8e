import { shapeOf } from "../functional/axes.js";
import { add, mul } from "../functional/elementwise.js";
import { concat, slice } from "../functional/shapes.js";
import type { Tensor } from "../graph/tensor.js";
import { Module } from "./module.js";

/**
 * Every second pixel of the image blurred with the weights 1, 2, 1 along both axes: `[H, W, N, C]` to
 * `[⌈H / 2⌉, ⌈W / 2⌉, N, C]`. The image is mirrored at its borders. timm's `BlurPool2d` of size 3 and stride 2.
 *
 * Source: Zhang 2019, arXiv:1904.11486.
 */
export class BlurPool2d extends Module {
  protected override forward(x: Tensor): Tensor {
    return blurAlong(blurAlong(x, 2), 3);
  }
}

/** The mean of each even pixel along an axis with the odd pixels beside it. Borders are reflected. */
function blurAlong(x: Tensor, axis: number): Tensor {
  const size = shapeOf(x)[axis]!;
  if (size === 1) return x; // which is its own neighbour
  const even = slice(x, axis, { step: 2 });
  const odd = slice(x, axis, { start: 1, step: 2 });
  const count = Math.ceil(size / 2);
  const first = slice(odd, axis, { end: 1 });
  const before = count > 1 ? concat([first, slice(odd, axis, { end: count - 1 })], axis) : first;
  const after = size % 2 === 0 ? odd : concat([odd, slice(odd, axis, { start: -1 })], axis);
  return mul(add(add(before, after), mul(even, 2)), 0.25);
}
