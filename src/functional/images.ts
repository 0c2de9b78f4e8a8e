import type { Tensor } from "../graph/tensor.js";
import { avgPool2d as avgPoolInMemory } from "../ops/avg-pool2d.js";
import { adaptiveAvgPool2d as meanOfImage } from "../ops/adaptive-avg-pool2d.js";
import { binary } from "../ops/binary.js";
import { conv2d as convolve } from "../ops/conv2d.js";
import { convTranspose2d as convolveTransposed } from "../ops/conv-transpose2d.js";
import { maxPool2d as maxPoolInMemory } from "../ops/max-pool2d.js";
import { asFilter, asImages } from "../ops/permute.js";
import { pad, slice } from "../ops/slice.js";
import { where } from "../ops/where.js";
import { ResnetError } from "../tensor/error.js";
import { dims4, ShapeError } from "../tensor/shape.js";
import { shapeOf } from "./axes.js";
import { add } from "./elementwise.js";
import { averages, resample, type Matrix } from "./resample.js";
import { reshape } from "./shapes.js";

/** One number for height and width, or one for each. */
export type PerAxis = number | readonly [height: number, width: number];
type Pair = readonly [number, number];

const pair = (op: string, name: string, value: PerAxis, least: number): Pair => {
  const both: Pair = typeof value === "number" ? [value, value] : value;
  if (both.length === 2 && both.every((each) => Number.isInteger(each) && each >= least))
    return both;
  throw new ResnetError(
    "ERR_ATTRIBUTE",
    `${op}: ${name} must be an integer of at least ${least}, or two, but it is ${JSON.stringify(value)}`,
  );
};

/** The images, H W N C in memory. @throws {ShapeError} unless there are 4 axes */
function imagesOf(op: string, x: Tensor): Tensor {
  if (x.shape.length === 4) return asImages(x);
  throw new ShapeError(op, `x needs 4 axes but has ${x.shape.length}`, {
    x: { shape: shapeOf(x), axes: "N C H W" },
  });
}

export interface ConvolutionOptions {
  /** Summands of the output channels. Default: none. */
  readonly bias?: Tensor | undefined;
  /** Step between windows. Default 1. */
  readonly stride?: PerAxis;
  /** Zeros on both sides of each axis, or `same`, so that a stride of 1 keeps the size. Default 0. */
  readonly padding?: PerAxis | "same";
  /** Distance between the taps of the filter. Default 1. */
  readonly dilation?: PerAxis;
  /** Groups of channels, each of which sees only its own inputs. Default 1. */
  readonly groups?: number;
}

/**
 * 2-D convolution. PyTorch's `conv2d(x, weight, bias, stride, padding, dilation, groups)`.
 *
 *     x [N, Cin, H, W]   weight [Cout, Cin/groups, KH, KW]   bias [Cout]   y [N, Cout, OH, OW]
 *
 * Equal strides and paddings of both axes, without dilation, are one instruction. Otherwise the image is padded, the filter gets zeros
 * between its taps, and the result of the common step is sliced.
 */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  { bias, stride = 1, padding = 0, dilation = 1, groups = 1 }: ConvolutionOptions = {},
): Tensor {
  const image = imagesOf("conv2d", x);
  const steps = pair("conv2d", "stride", stride, 1);
  const filter = dilated(asFilter(weight), pair("conv2d", "dilation", dilation, 1));
  const [kh, kw] = dims4(filter, "conv2d", "weight", "KH KW Cin/groups Cout");
  const sides = sidesOf(padding, [kh, kw], steps);
  const isEven = new Set(sides.flat()).size === 1;
  const padded = isEven ? image : padImage(image, sides, 0);
  const common = greatestDivisor(steps[0], steps[1]);
  const attrs = { stride: common, padding: isEven ? sides[0][0] : 0, groups };
  const y = convolve(padded, filter, attrs, bias);
  return steps[0] === steps[1] ? y : everyPixel(y, [steps[0] / common, steps[1] / common]);
}

type Sides = readonly [height: Pair, width: Pair];

function sidesOf(padding: PerAxis | "same", kernel: Pair, stride: Pair): Sides {
  if (padding !== "same") {
    const [h, w] = pair("conv2d", "padding", padding, 0);
    return [
      [h, h],
      [w, w],
    ];
  }
  if (stride[0] !== 1 || stride[1] !== 1)
    throw new ResnetError("ERR_ATTRIBUTE", "conv2d: padding same takes a stride of 1");
  const around = (size: number): Pair => [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
  return [around(kernel[0]), around(kernel[1])];
}

/** The filter with zeros between its taps. */
function dilated(filter: Tensor, [dh, dw]: Pair): Tensor {
  if (dh === 1 && dw === 1) return filter;
  const [kh = 1, kw = 1, ...channels] = filter.shape;
  return pad(filter, [(kh - 1) * dh + 1, (kw - 1) * dw + 1, ...channels], {
    starts: [0, 0, 0, 0],
    steps: [dh, dw, 1, 1],
  });
}

function padImage(image: Tensor, [[top, bottom], [left, right]]: Sides, value: number): Tensor {
  const [h, w, n, c] = dims4(image);
  const place = { starts: [top, left, 0, 0], steps: [1, 1, 1, 1] };
  return pad(image, [h + top + bottom, w + left + right, n, c], place, value);
}

/** Pixels at regular distances, from the first on. */
function everyPixel(image: Tensor, [sh, sw]: Pair): Tensor {
  const [h, w, n, c] = dims4(image);
  const shape = [Math.ceil(h / sh), Math.ceil(w / sw), n, c];
  return slice(image, shape, { starts: [0, 0, 0, 0], steps: [sh, sw, 1, 1] });
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

export interface ConvTransposeOptions extends Omit<ConvolutionOptions, "padding"> {
  /** Pixels that are cut off on both sides of each axis. Default 0. */
  readonly padding?: PerAxis;
  /** Pixels that are added at the end of each axis. Default 0. */
  readonly outputPadding?: PerAxis;
}

/**
 * Transposed 2-D convolution, which makes images larger. PyTorch's `conv_transpose2d`.
 *
 *     x [N, Cin, H, W]   weight [Cin, Cout/groups, KH, KW]   y [N, Cout, OH, OW]
 *
 * OH is `(H − 1) · stride − 2 · padding + dilation · (KH − 1) + outputPadding + 1`, OW likewise.
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  options: ConvTransposeOptions = {},
): Tensor {
  const { bias, stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups = 1 } = options;
  const op = "convTranspose2d";
  const image = imagesOf(op, x);
  const steps = pair(op, "stride", stride, 1);
  const cut = pair(op, "padding", padding, 0);
  const more = pair(op, "outputPadding", outputPadding, 0);
  const filter = dilated(asFilter(weight), pair(op, "dilation", dilation, 1));
  const common = greatestDivisor(steps[0], steps[1]);
  const spread = spreadPixels(image, [steps[0] / common, steps[1] / common]);
  const full = [0, 1].map(
    (axis) => (spread.shape[axis]! - 1) * common + filter.shape[axis]! + more[axis]!,
  );
  const isEven = cut[0] === cut[1];
  const even = isEven ? cut[0] : 0;
  const imageSize = [full[0]! - 2 * even, full[1]! - 2 * even] as const;
  const y = convolveTransposed(spread, filter, {
    stride: common,
    padding: even,
    groups,
    imageSize,
  });
  const inside = isEven ? y : cutImage(y, cut);
  return bias ? add(inside, reshape(bias, [-1, 1, 1])) : inside;
}

/** The image with zeros between its pixels. */
function spreadPixels(image: Tensor, [sh, sw]: Pair): Tensor {
  if (sh === 1 && sw === 1) return image;
  const [h, w, n, c] = dims4(image);
  const place = { starts: [0, 0, 0, 0], steps: [sh, sw, 1, 1] };
  return pad(image, [(h - 1) * sh + 1, (w - 1) * sw + 1, n, c], place);
}

function cutImage(image: Tensor, [ch, cw]: Pair): Tensor {
  const [h, w, n, c] = dims4(image);
  return slice(image, [h - 2 * ch, w - 2 * cw, n, c], {
    starts: [ch, cw, 0, 0],
    steps: [1, 1, 1, 1],
  });
}

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
