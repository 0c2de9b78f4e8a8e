import type { Tensor } from "../graph/tensor.js";
import { reshapeOp } from "../ops/reshape.js";
import { ResnetError } from "../tensor/error.js";
import { formatShape } from "../tensor/shape.js";
import { Module } from "./module.js";

/**
 * x with its axes in another order, as PyTorch counts them: axis i of the result is axis `axes[i]` of x. Nothing moves in memory.
 *
 * @throws {ResnetError} `ERR_AXIS` unless `axes` names each axis once
 */
export function permuted(x: Tensor, axes: readonly number[]): Tensor {
  const identity = x.shape.map((_, axis) => axis);
  if ([...axes].sort((a, b) => a - b).join() !== identity.join()) {
    throw new ResnetError(
      "ERR_AXIS",
      `Permute: ${formatShape(axes)} must name each of the ${x.shape.length} axes once`,
    );
  }
  const { y } = reshapeOp.trace({ x }, { shape: x.shape });
  const order = (x.order ?? identity).map((axis) => axes.indexOf(axis));
  y.order = order.every((axis, i) => axis === i) ? null : order;
  return y;
}

/** The axes in another order. torchvision's `Permute(axes)`. */
export class Permute extends Module {
  constructor(private readonly axes: readonly number[]) {
    super();
  }

  override describe(): string {
    return formatShape(this.axes);
  }

  protected override forward(x: Tensor): Tensor {
    return permuted(x, this.axes);
  }
}
