import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { dims4, sameShape, ShapeError, sizeOf, type TensorSpec } from "../tensor/shape.js";
import { activate, activationAttrs, noActivation } from "./activation.js";
import { meanAndVariance } from "./batch-norm-statistics.js";
import { biasGrad } from "./bias-grad.js";
import { conv2dInputGrad, conv2dWeightGrad } from "./conv2d-grad.js";
import { gemm } from "./gemm.js";
import { checkDType, storedAs } from "./stored.js";
import {
  checkGroups,
  convolutionAttrs,
  type ConvolutionAttrs,
  convolutionFlops,
  forEachTap,
  windowOutput,
} from "./window.js";
import { requireUnfused } from "./require-unfused.js";
import { asFilter, asImages } from "./permute.js";

/**
 * 2-D convolution: `y[oh, ow] = act(scale · Σ x[oh·s+kh−p, ow·s+kw−p] · weight[kh, kw] + bias + residual)`.
 *
 *     x         [H, W, N, Cin]
 *     weight    [KH, KW, Cin/groups, Cout]
 *     bias      [Cout]
 *     y         [OH, OW, N, Cout]     OH = ⌊(H + 2p − KH) / s⌋ + 1, OW likewise
 *
 * The product rounds the weight, which is f32, to the dtype of x. Sums are wider; mean and variance are those of y as stored.
 *
 * Users trace `conv2d`. The planner adds scale, residual and activation, and reads mean and variance (of y over OH, OW, N; biased),
 * when it fuses.
 */
export const conv2dOp = defineOp({
  name: "conv2d",
  role: "forward",
  meaning:
    "`act(conv(x, weight) · scale + bias + residual)`. `mean` and the biased `variance` are those of y as stored, over `[OH, OW, N]`, for `batchNorm2d`",
  inputs: {
    x: "float [H, W, N, Cin]",
    weight: "f32 [KH, KW, Cin/groups, Cout]",
    "bias?": "f32 [Cout]",
    "scale?": "f32 [Cout]",
    "residual?": "float [OH, OW, N, Cout]",
  },
  outputs: {
    y: "float [OH, OW, N, Cout]",
    "mean?": "f32 [Cout]",
    "variance?": "f32 [Cout]",
  },
  attrs: { ...convolutionAttrs, ...activationAttrs },
  epilogue: { addend: "residual", activates: true },
  inPlace: { y: ["residual"] },

  shape({ x, weight, bias, scale, residual }, attrs) {
    const [, , n, cin] = dims4(x, "conv2d");
    const [kh, kw, weightCin, cout] = dims4(weight, "conv2d", "weight", "KH KW Cin/groups Cout");
    checkChannels("conv2d", x, weight, cin, weightCin, cout, attrs.groups);
    const [oh, ow] = windowOutput("conv2d", x.shape, [kh, kw], attrs);
    const y = [oh, ow, n, cout];
    for (const [name, vector] of Object.entries({ bias, scale })) {
      if (vector && !sameShape(vector.shape, [cout])) {
        throw new ShapeError(
          "conv2d",
          `${name} must have ${cout} values, one for each output channel`,
          {
            weight: { shape: weight.shape, axes: "KH KW Cin/groups Cout" },
            [name]: { shape: vector.shape, axes: "Cout" },
          },
        );
      }
    }
    if (residual && !sameShape(residual.shape, y)) {
      throw new ShapeError("conv2d", "the residual must have the shape of y", {
        residual: { shape: residual.shape, axes: "H W N C" },
        y: { shape: y, axes: "OH OW N Cout" },
      });
    }
    if (residual) checkDType("conv2d", ["x", x], ["residual", residual]);
    const statistic: TensorSpec = { shape: [cout], dtype: "f32" };
    return { y: { shape: y, dtype: x.dtype }, mean: statistic, variance: statistic };
  },

  gradient({
    x,
    weight,
    bias,
    scale,
    residual,
    dy,
    attrs: { stride, padding, groups, activation },
  }) {
    requireUnfused("conv2d", activation, { scale, residual });
    const [h, w] = dims4(x);
    const [kh, kw] = dims4(weight);
    return {
      x: conv2dInputGrad(dy, weight, { stride, padding, groups, imageSize: [h, w] }),
      weight: conv2dWeightGrad(x, dy, { stride, padding, groups, kernelSize: [kh, kw] }),
      ...(bias && { bias: biasGrad(dy) }),
    };
  },

  flops: ({ x, weight }, { y }, attrs) => convolutionFlops(x.shape, weight.shape, y.shape, attrs),

  reference({ x, weight, bias, scale, residual }, { y, mean, variance }, attrs) {
    const [h, w, n, cin] = dims4(x);
    const [kh, kw, groupCin, cout] = dims4(weight);
    const [oh, ow] = dims4(y);
    const groupCout = cout / attrs.groups;
    const factors = storedAs(x.dtype, weight);
    const sums = new Float64Array(sizeOf(y.shape));
    forEachTap(
      { image: [h, w], kernel: [kh, kw], output: [oh, ow], ...attrs },
      (pixel, from, tap) => {
        for (let g = 0; g < attrs.groups; g++) {
          gemm(
            { data: sums, at: pixel * n * cout + g * groupCout, stride: cout }, // y[pixel]: [N, Cout]
            { data: x.data, at: from * n * cin + g * groupCin, stride: cin }, // x[from]: [N, Cin]
            { data: factors.data, at: tap * groupCin * cout + g * groupCout, stride: cout }, // weight[tap]: [Cin, Cout]
            n,
            groupCout,
            groupCin,
          );
        }
      },
    );
    for (let i = 0; i < sums.length; i++) {
      const c = i % cout;
      const value =
        sums[i]! * (scale?.data[c] ?? 1) + (bias?.data[c] ?? 0) + (residual?.data[i] ?? 0);
      y.data[i] = activate(value, attrs);
    }
    if (mean || variance) {
      const unread = { shape: [cout], data: new Float32Array(cout) };
      meanAndVariance(storedAs(y.dtype, y), mean ?? unread, variance ?? unread);
    }
  },
});

/** Traces a convolution of `x [H, W, N, Cin]` with `weight [KH, KW, Cin/groups, Cout]`; see `conv2dOp`. */
export const conv2d = (
  x: Tensor,
  weight: Tensor,
  attrs: Partial<ConvolutionAttrs> = {},
  bias?: Tensor,
): Tensor =>
  conv2dOp.trace(
    { x: asImages(x), weight: asFilter(weight), bias },
    { stride: 1, padding: 0, groups: 1, ...attrs, ...noActivation },
  ).y;

function checkChannels(
  op: string,
  x: TensorSpec,
  weight: TensorSpec,
  cin: number,
  weightCin: number,
  cout: number,
  groups: number,
): void {
  checkGroups(op, cout, groups);
  if (cin !== weightCin * groups) {
    const takes = groups === 1 ? `${weightCin}` : `${groups} groups of ${weightCin}`;
    throw new ShapeError(op, `x has ${cin} channels but weight takes ${takes}`, {
      x: { shape: x.shape, axes: "H W N Cin" },
      weight: {
        shape: weight.shape,
        axes: groups === 1 ? "KH KW Cin Cout" : "KH KW Cin/groups Cout",
      },
    });
  }
}
