import type { Tensor } from "../graph/tensor.js";
import { argmax as argmaxInMemory } from "../ops/argmax.js";
import { cast, isFloat } from "../ops/cast.js";
import { reduce, type ReductionName } from "../ops/reduce.js";
import { logSoftmax as logSoftmaxInMemory, softmax as softmaxInMemory } from "../ops/softmax.js";
import { memoryAxes, memoryAxis } from "./axes.js";
import { mul, square, sub } from "./elementwise.js";

export interface ReductionOptions {
  /** Axes to reduce, -1 for the last. Default: all. */
  readonly axes?: number | readonly number[];
  /** Whether they stay as axes of 1. Default false. */
  readonly keepDims?: boolean;
}

function reduced(
  x: Tensor,
  name: ReductionName,
  { axes, keepDims = false }: ReductionOptions = {},
): Tensor {
  const floats = isFloat(x) ? x : cast(x, "f32");
  return reduce(floats, name, memoryAxes(name, x, axes), keepDims);
}

type Reduction = (x: Tensor, options?: ReductionOptions) => Tensor;

/** The sum over axes. PyTorch's `sum(x, dim, keepdim)`. */
export const sum: Reduction = (x, options) => reduced(x, "sum", options);
/** The mean over axes. PyTorch's `mean(x, dim, keepdim)`. */
export const mean: Reduction = (x, options) => reduced(x, "mean", options);
/** The largest value over axes; NaN if there is one. Equal ones share the gradient. PyTorch's `amax(x, dim, keepdim)`. */
export const max: Reduction = (x, options) => reduced(x, "max", options);
/** The smallest value over axes; NaN if there is one. Equal ones share the gradient. PyTorch's `amin(x, dim, keepdim)`. */
export const min: Reduction = (x, options) => reduced(x, "min", options);

export interface VarianceOptions extends ReductionOptions {
  /** Subtracted from the number of elements: 1 for the unbiased estimate. Default 1. */
  readonly correction?: number;
}

/** The variance over axes. PyTorch's `var(x, dim, correction=…, keepdim=…)`. */
export function variance(x: Tensor, { correction = 1, ...options }: VarianceOptions = {}): Tensor {
  const axes = memoryAxes("variance", x, options.axes);
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  const centered = sub(x, reduce(x, "mean", axes, true));
  return mul(mean(square(centered), options), count / (count - correction));
}

/** The place of the first largest value along an axis, or of the first NaN, as i32. PyTorch's `argmax(x, dim)`. */
export const argmax = (x: Tensor, axis: number): Tensor =>
  argmaxInMemory(x, memoryAxis("argmax", x, axis));

/** `exp(x) / Σ exp(x)` along an axis. PyTorch's `softmax(x, dim)`. */
export const softmax = (x: Tensor, axis: number): Tensor =>
  softmaxInMemory(x, memoryAxis("softmax", x, axis));

/** The logarithm of the softmax along an axis. PyTorch's `log_softmax(x, dim)`. */
export const logSoftmax = (x: Tensor, axis: number): Tensor =>
  logSoftmaxInMemory(x, memoryAxis("logSoftmax", x, axis));
