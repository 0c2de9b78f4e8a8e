import type { Tensor } from "../graph/tensor.js";
import { adaptiveAvgPool2d as meanOfImage } from "../ops/adaptive-avg-pool2d.js";
import { avgPool2d as avgPoolInMemory } from "../ops/avg-pool2d.js";
import { binary } from "../ops/binary.js";
import { maxPool2d as maxPoolInMemory } from "../ops/max-pool2d.js";
import { slice } from "../ops/slice.js";
import { where } from "../ops/where.js";
import { ResnetError } from "../tensor/error.js";
import { dims4, ShapeError } from "../tensor/shape.js";
import { shapeOf } from "./axes.js";
import { imagesOf, padImage, pair, type Pair, type PerAxis } from "./per-axis.js";
import { averages, resample, type Matrix } from "./resample.js";

export interface PoolingOptions {
  /** Size of the window. */
  readonly kernel: PerAxis;
  /** Step between windows. Default: the kernel. */
  readonly stride?: PerAxis;
  /** Pixels on both sides of each axis. Default 0. */
  readonly padding?: PerAxis;
  /** Whether windows that leave the padded image count if they begin inside. Default false. */
  readonly ceilMode?: boolean;
}

interface Windows {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly output: Pair;
  /** The window of the ops, if it is one: square, and not beyond the padding. */
  readonly square: {
    readonly kernel: number;
    readonly stride: number;
    readonly padding: number;
  } | null;
}

function windowsOf(op: string, image: Tensor, options: PoolingOptions): Windows {
  const kernel = pair(op, "kernel", options.kernel, 1);
  const stride = pair(op, "stride", options.stride ?? options.kernel, 1);
  const padding = pair(op, "padding", options.padding ?? 0, 0);
  const output = [0, 1].map((axis) => {
    const [size, k, s, p] = [image.shape[axis]!, kernel[axis]!, stride[axis]!, padding[axis]!];
    if (2 * p > k)
      throw new ResnetError(
        "ERR_ATTRIBUTE",
        `${op}: padding must be at most half of the kernel ${k}, but it is ${p}`,
      );
    const steps = (size + 2 * p - k) / s;
    const count = (options.ceilMode ? Math.ceil(steps) : Math.floor(steps)) + 1;
    if (count < 1) {
      throw new ShapeError(op, `a window of ${k} does not fit ${size} pixels with padding ${p}`, {
        x: { shape: shapeOf(image), axes: "N C H W" },
      });
    }
    if (!options.ceilMode) return count;
    return (count - 1) * s >= size + p ? count - 1 : count; // a window begins on the image or left of it
  });
  const isSquare = [kernel, stride, padding].every(([h, w]) => h === w) && kernel[0] <= 16;
  const isInside = [0, 1].every(
    (axis) =>
      (output[axis]! - 1) * stride[axis]! + kernel[axis]! <=
      image.shape[axis]! + 2 * padding[axis]!,
  );
  const square =
    isSquare && isInside ? { kernel: kernel[0], stride: stride[0], padding: padding[0] } : null;
  return { kernel, stride, padding, output: [output[0]!, output[1]!], square };
}

/** Below every number that an image has, and finite. */
const lowest = -3.4028234663852886e38;

/**
 * The largest value of each window; padding never wins, the first of equals does, and NaN wins. PyTorch's
 * `max_pool2d(x, kernel_size, stride, padding, ceil_mode=…)`.
 */
export function maxPool2d(x: Tensor, options: PoolingOptions): Tensor {
  const image = imagesOf("maxPool2d", x);
  const { kernel, stride, padding, output, square } = windowsOf("maxPool2d", image, options);
  if (square) return maxPoolInMemory(image, square);
  const [, , n, c] = dims4(image);
  const reach = [0, 1].map((axis) => (output[axis]! - 1) * stride[axis]! + kernel[axis]!);
  const sides = [0, 1].map((axis): Pair => {
    const after = reach[axis]! - image.shape[axis]! - padding[axis]!;
    return [padding[axis]!, Math.max(0, after)];
  });
  const padded = padImage(image, [sides[0]!, sides[1]!], lowest);
  let best: Tensor | undefined;
  for (let row = 0; row < kernel[0]; row++) {
    for (let column = 0; column < kernel[1]; column++) {
      const starts = [row, column, 0, 0];
      const tap = slice(padded, [...output, n, c], { starts, steps: [...stride, 1, 1] });
      best = best ? laterIfLarger(best, tap) : tap;
    }
  }
  return best!;
}

/** The second where it is larger than the first, or NaN. */
function laterIfLarger(first: Tensor, second: Tensor): Tensor {
  const wins = binary(
    "maximum",
    binary("greater", second, first),
    binary("notEqual", second, second),
  );
  return where(wins, second, first);
}

export interface AvgPoolingOptions extends PoolingOptions {
  /** Whether padding counts among the values of a window, as zeros. Default true. */
  readonly countIncludePad?: boolean;
}

/** The mean of each window. PyTorch's `avg_pool2d(x, kernel_size, stride, padding, ceil_mode, count_include_pad)`. */
export function avgPool2d(x: Tensor, options: AvgPoolingOptions): Tensor {
  const { countIncludePad = true } = options;
  const image = imagesOf("avgPool2d", x);
  const { kernel, stride, padding, output, square } = windowsOf("avgPool2d", image, options);
  if (square && (countIncludePad || square.padding === 0)) return avgPoolInMemory(image, square);
  const along = (axis: 0 | 1): Matrix => {
    const [size, p] = [image.shape[axis]!, padding[axis]];
    return averages(size, output[axis], (i) => {
      const begin = i * stride[axis] - p;
      const end = Math.min(begin + kernel[axis], size + p);
      return { begin, end, count: countIncludePad ? end - begin : undefined };
    });
  };
  return resample(image, along(0), along(1));
}

/**
 * The means of as many windows as the result has pixels, which together cover the image. PyTorch's `adaptive_avg_pool2d(x, size)`.
 *
 * @param size of the result, in pixels. Default 1
 */
export function adaptiveAvgPool2d(x: Tensor, size: PerAxis = 1): Tensor {
  const image = imagesOf("adaptiveAvgPool2d", x);
  const output = pair("adaptiveAvgPool2d", "size", size, 1);
  if (output[0] === 1 && output[1] === 1) return meanOfImage(image);
  const along = (axis: 0 | 1): Matrix => {
    const [from, to] = [image.shape[axis]!, output[axis]];
    return averages(from, to, (i) => ({
      begin: Math.floor((i * from) / to),
      end: Math.ceil(((i + 1) * from) / to),
    }));
  };
  return resample(image, along(0), along(1));
}
