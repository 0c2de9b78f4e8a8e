import type { Tensor } from "../graph/tensor.js";
import { imageOrder, sameOrder } from "../graph/axis-order.js";
import { binary } from "../ops/binary.js";
import { cast } from "../ops/cast.js";
import { reduce } from "../ops/reduce.js";
import { reshape as reshapeInMemory } from "../ops/reshape.js";
import { unary } from "../ops/unary.js";
import { ResnetError } from "../tensor/error.js";
import {
  formatShape,
  sameShape,
  ShapeError,
  sizeOf,
  type FloatDType,
  type Shape,
} from "../tensor/shape.js";
import { plain, shapeOf } from "./axes.js";
import { add, mul } from "./elementwise.js";
import { reshape } from "./shapes.js";

export interface AffineOptions {
  /** Factors, of the shape that is normalized (of layerNorm), or one for each channel (of groupNorm). Default: 1. */
  readonly weight?: Tensor | undefined;
  /** Summands, as the factors. Default: 0. */
  readonly bias?: Tensor | undefined;
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
}

/** `(x − mean) / √(variance + eps)` over axes of memory, computed in f32; the variance is the biased one. */
function standardized(x: Tensor, axes: readonly number[], eps: number): Tensor {
  const centered = binary("sub", x, reduce(x, "mean", axes, true));
  const variance = reduce(unary(centered, "square"), "mean", axes, true);
  return binary("mul", centered, unary(binary("add", variance, eps), "rsqrt"));
}

/** `x · weight + bias`, broadcast. */
function affine(x: Tensor, weight: Tensor | undefined, bias: Tensor | undefined): Tensor {
  const scaled = weight ? mul(x, weight) : x;
  return bias ? add(scaled, bias) : scaled;
}

/**
 * Standardizes the last axes, which have the sizes `normalizedShape`, for each element of the others. PyTorch's
 * `layer_norm(x, normalized_shape, weight, bias, eps)`.
 *
 *     x [..., normalizedShape]   weight, bias [normalizedShape]
 *
 * Source: Ba et al. 2016, arXiv:1607.06450.
 *
 * @throws {ShapeError} if the last axes have other sizes
 */
export function layerNorm(
  x: Tensor,
  normalizedShape: Shape,
  { weight, bias, eps = 1e-5 }: AffineOptions = {},
): Tensor {
  const shape = shapeOf(x);
  const first = shape.length - normalizedShape.length;
  if (
    normalizedShape.length === 0 ||
    !sameShape(shape.slice(Math.max(first, 0)), normalizedShape)
  ) {
    throw new ShapeError("layerNorm", `the last axes must be ${formatShape(normalizedShape)}`, {
      x: { shape },
    });
  }
  const axes = normalizedShape.map((_, i) => (x.order ? x.order.indexOf(first + i) : first + i));
  const ascending = [...axes].sort((a, b) => a - b);
  const y = affine(standardized(cast(x, "f32"), ascending, eps), weight, bias);
  return cast(y, x.dtype as FloatDType);
}

/**
 * Standardizes each group of channels of each sample. PyTorch's `group_norm(x, groups, weight, bias, eps)`.
 *
 *     x [N, C, ...]   weight, bias [C]
 *
 * Source: Wu and He 2018, arXiv:1803.08494.
 *
 * @throws {ResnetError} `ERR_ATTRIBUTE` unless the groups divide the channels
 */
export function groupNorm(
  x: Tensor,
  groups: number,
  { weight, bias, eps = 1e-5 }: AffineOptions = {},
): Tensor {
  const [n = 1, channels = 0, ...sizes] = shapeOf(x);
  if (!Number.isInteger(groups) || groups < 1 || x.shape.length < 2 || channels % groups !== 0) {
    throw new ResnetError(
      "ERR_ATTRIBUTE",
      `groupNorm: ${channels} channels of the shape ${formatShape(shapeOf(x))} do not divide into ${groups} groups`,
    );
  }
  const isImage = sameOrder(x.order, imageOrder);
  const values = cast(isImage ? x : plain(x), "f32");
  // Images stay H W N C: their groups are neighbours there, too.
  const [grouped, axes] = isImage
    ? [
        [...x.shape.slice(0, 3), groups, channels / groups],
        [0, 1, 4],
      ]
    : [[n, groups, (channels / groups) * sizeOf(sizes)], [2]];
  const standard = standardized(reshapeInMemory(values, grouped), axes, eps);
  const y = reshapeInMemory(standard, values.shape);
  y.order = values.order;
  const perChannel = (tensor: Tensor | undefined): Tensor | undefined =>
    tensor && reshape(tensor, [channels, ...sizes.map(() => 1)]);
  return cast(affine(y, perChannel(weight), perChannel(bias)), x.dtype as FloatDType);
}
