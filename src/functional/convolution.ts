import type { Tensor } from "../graph/tensor.js";
import { conv2d as convolve } from "../ops/conv2d.js";
import { convTranspose2d as convolveTransposed } from "../ops/conv-transpose2d.js";
import { asFilter } from "../ops/permute.js";
import { pad, slice } from "../ops/slice.js";
import { ResnetError } from "../tensor/error.js";
import { dims4 } from "../tensor/shape.js";
import { add } from "./elementwise.js";
import { imagesOf, padImage, pair, type Pair, type PerAxis, type Sides } from "./per-axis.js";
import { reshape } from "./shapes.js";

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
