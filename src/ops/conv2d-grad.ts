import { sizes } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { dims4, sameShape, ShapeError } from "../tensor/shape.js";
import { gemmTransposedA, gemmTransposedB } from "./gemm.js";
import { checkDType, storedAs } from "./stored.js";
import {
  checkGroups,
  checkOutputSize,
  convolutionAttrs,
  type ConvolutionAttrs,
  convolutionFlops,
  forEachTap,
} from "./window.js";

/**
 * Gradient of `conv2d` by its image: `dx[ih, iw] = Σ dy[oh, ow] · weight[kh, kw]ᵀ` over the windows that read
 * the pixel, plus `addend`, another gradient of the same image that the planner fuses in. The weight is rounded to dy's
 * dtype, as in `conv2d`.
 *
 *     dy [OH, OW, N, Cout]   weight [KH, KW, Cin/groups, Cout]   dx [H, W, N, Cin]
 */
export const conv2dInputGradOp = defineOp({
  name: "conv2dInputGrad",
  role: "gradient",
  meaning: "Gradient of `conv2d` by x, plus `addend`",
  inputs: {
    dy: "float [OH, OW, N, Cout]",
    weight: "f32 [KH, KW, Cin/groups, Cout]",
    "addend?": "float [H, W, N, Cin]",
  },
  outputs: {
    dx: "float [H, W, N, Cin]",
  },
  attrs: { ...convolutionAttrs, imageSize: sizes("H", "W") },
  epilogue: { addend: "addend", activates: false },
  inPlace: { dx: ["addend"] },
  gradient: null,

  shape({ dy, weight, addend }, attrs) {
    const { groups, imageSize } = attrs;
    const [h, w] = imageSize;
    const [, , n, cout] = dims4(dy, "conv2dInputGrad", "dy");
    const [kh, kw, groupCin] = dims4(weight, "conv2dInputGrad", "weight", "KH KW Cin/groups Cout");
    checkOutputSize("conv2dInputGrad", imageSize, [kh, kw], attrs, dy.shape);
    checkGroups("conv2dInputGrad", cout, groups);
    const shape = [h, w, n, groupCin * groups];
    if (addend && !sameShape(addend.shape, shape)) {
      throw new ShapeError("conv2dInputGrad", "the addend must have the shape of dx", {
        addend: { shape: addend.shape, axes: "H W N C" },
        dx: { shape, axes: "H W N C" },
      });
    }
    if (addend) checkDType("conv2dInputGrad", ["dy", dy], ["addend", addend]);
    return { dx: { shape, dtype: dy.dtype } };
  },

  flops: ({ dy, weight }, { dx }, attrs) =>
    convolutionFlops(dx.shape, weight.shape, dy.shape, attrs),

  reference({ dy, weight, addend }, { dx }, attrs) {
    const [oh, ow, n, cout] = dims4(dy);
    const [kh, kw, groupCin] = dims4(weight);
    const [h, w, , cin] = dims4(dx);
    const groupCout = cout / attrs.groups;
    const factors = storedAs(dy.dtype, weight);
    const sums = addend ? Float64Array.from(addend.data) : new Float64Array(dx.data.length);
    forEachTap(
      { image: [h, w], kernel: [kh, kw], output: [oh, ow], ...attrs },
      (from, pixel, tap) => {
        for (let g = 0; g < attrs.groups; g++) {
          gemmTransposedB(
            { data: sums, at: pixel * n * cin + g * groupCin, stride: cin }, // dx[pixel]: [N, Cin]
            { data: dy.data, at: from * n * cout + g * groupCout, stride: cout }, // dy[from]: [N, Cout]
            { data: factors.data, at: tap * groupCin * cout + g * groupCout, stride: cout }, // weight[tap]: [Cin, Cout]
            n,
            groupCin,
            groupCout,
          );
        }
      },
    );
    dx.data.set(sums);
  },
});

/** Traces the gradient of a convolution by its image; see `conv2dInputGradOp`. */
export const conv2dInputGrad = (
  dy: Tensor,
  weight: Tensor,
  attrs: ConvolutionAttrs & { readonly imageSize: readonly [number, number] },
): Tensor => conv2dInputGradOp.trace({ dy, weight }, attrs).dx;

/**
 * Gradient of `conv2d` by its weight: `dweight[kh, kw] = Σ x[oh·s+kh−p, ow·s+kw−p]ᵀ · dy[oh, ow]`.
 *
 *     x [H, W, N, Cin]   dy [OH, OW, N, Cout]   dweight [KH, KW, Cin/groups, Cout]
 */
export const conv2dWeightGradOp = defineOp({
  name: "conv2dWeightGrad",
  role: "gradient",
  meaning: "Gradient of `conv2d` by its weight",
  inputs: {
    x: "float [H, W, N, Cin]",
    dy: "float [OH, OW, N, Cout]",
  },
  outputs: {
    dweight: "f32 [KH, KW, Cin/groups, Cout]",
  },
  attrs: { ...convolutionAttrs, kernelSize: sizes("KH", "KW") },
  gradient: null,

  shape({ x, dy }, attrs) {
    const { groups, kernelSize } = attrs;
    const [kh, kw] = kernelSize;
    const [h, w, , cin] = dims4(x, "conv2dWeightGrad");
    const [, , , cout] = dims4(dy, "conv2dWeightGrad", "dy");
    checkOutputSize("conv2dWeightGrad", [h, w], kernelSize, attrs, dy.shape);
    checkGroups("conv2dWeightGrad", cout, groups);
    return { dweight: { shape: [kh, kw, cin / groups, cout], dtype: "f32" } };
  },

  flops: ({ x, dy }, { dweight }, attrs) =>
    convolutionFlops(x.shape, dweight.shape, dy.shape, attrs),

  reference({ x, dy }, { dweight }, attrs) {
    const [h, w, n, cin] = dims4(x);
    const [oh, ow, , cout] = dims4(dy);
    const [kh, kw, groupCin] = dims4(dweight);
    const groupCout = cout / attrs.groups;
    const sums = new Float64Array(dweight.data.length);
    forEachTap(
      { image: [h, w], kernel: [kh, kw], output: [oh, ow], ...attrs },
      (pixel, from, tap) => {
        for (let g = 0; g < attrs.groups; g++) {
          gemmTransposedA(
            { data: sums, at: tap * groupCin * cout + g * groupCout, stride: cout }, // dweight[tap]: [Cin, Cout]
            { data: x.data, at: from * n * cin + g * groupCin, stride: cin }, // x[from]: [N, Cin]
            { data: dy.data, at: pixel * n * cout + g * groupCout, stride: cout }, // dy[pixel]: [N, Cout]
            groupCin,
            groupCout,
            n,
          );
        }
      },
    );
    dweight.data.set(sums);
  },
});

/** Traces the gradient of a convolution by its weight; see `conv2dWeightGradOp`. */
export const conv2dWeightGrad = (
  x: Tensor,
  dy: Tensor,
  attrs: ConvolutionAttrs & { readonly kernelSize: readonly [number, number] },
): Tensor => conv2dWeightGradOp.trace({ x, dy }, attrs).dweight;
