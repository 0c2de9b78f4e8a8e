import type { Tensor } from "../graph/tensor.js";
import { cast } from "../ops/cast.js";
import { matmul as matmulInMemory } from "../ops/matmul.js";
import { ShapeError } from "../tensor/shape.js";
import { commonDType, plain, shapeOf } from "./axes.js";
import { squeeze, unsqueeze } from "./shapes.js";

/**
 * Matrix products of the last two axes, `[..., M, K]` and `[..., K, N]` to `[..., M, N]`; the axes before broadcast. A vector is a row on the
 * left and a column on the right, and its axis of 1 is dropped. PyTorch's `matmul`.
 *
 * @throws {ShapeError} if the shapes do not fit together, or one is a scalar's
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  if (a.shape.length === 0 || b.shape.length === 0) {
    throw new ShapeError("matmul", "takes vectors, matrices or more axes, but one is a scalar", {
      a: { shape: shapeOf(a) },
      b: { shape: shapeOf(b) },
    });
  }
  const dtype = commonDType([a, b]);
  const [left, right] = [cast(plain(a), dtype), cast(plain(b), dtype)];
  const [isRow, isColumn] = [left.shape.length === 1, right.shape.length === 1];
  const y = matmulInMemory(
    isRow ? unsqueeze(left, 0) : left,
    isColumn ? unsqueeze(right, 1) : right,
  );
  const withoutColumn = isColumn ? squeeze(y, -1) : y;
  return isRow ? squeeze(withoutColumn, isColumn ? -1 : -2) : withoutColumn;
}
