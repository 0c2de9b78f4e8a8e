// Gradients of functions of tensors against finite differences, in float64.
import { describe, test } from "node:test";
import * as elementwise from "../../src/functional/elementwise.js";
import { conv2d, convTranspose2d } from "../../src/functional/convolution.js";
import { avgPool2d, maxPool2d } from "../../src/functional/pooling.js";
import { groupNorm, layerNorm } from "../../src/functional/normalization.js";
import { matmul } from "../../src/functional/products.js";
import * as reductions from "../../src/functional/reductions.js";
import { upsample } from "../../src/functional/resample.js";
import * as shapes from "../../src/functional/shapes.js";
import type { Tensor } from "../../src/graph/tensor.js";
import type { Shape } from "../../src/tensor/shape.js";
import { randomArray, type Draw } from "../helpers/arrays.js";
import { checkGradients } from "../helpers/gradient-check.js";

type Build = (a: Tensor, b: Tensor) => Tensor;

const { reshape } = shapes;

const check = (build: Build, a: Shape, b?: Shape, draw?: Draw): void => {
  const inputs = { a: randomArray(a, 1, draw), ...(b && { b: randomArray(b, 2, draw) }) };
  checkGradients((leaves) => build(leaves["a"]!, leaves["b"]!), inputs);
};

describe("gradients match finite differences", () => {
  const positive: Draw = { center: 2, scale: 1.5 };
  const wide: Draw = { scale: 5 };
  const unary: Readonly<Record<string, readonly [(x: Tensor) => Tensor, Draw?]>> = {
    neg: [elementwise.neg],
    abs: [elementwise.abs],
    square: [elementwise.square],
    reciprocal: [elementwise.reciprocal, positive],
    sqrt: [elementwise.sqrt, positive],
    rsqrt: [elementwise.rsqrt, positive],
    exp: [elementwise.exp],
    expm1: [elementwise.expm1],
    log: [elementwise.log, positive],
    log1p: [elementwise.log1p, positive],
    sin: [elementwise.sin, wide],
    cos: [elementwise.cos, wide],
    erf: [elementwise.erf, { scale: 2 }],
    sigmoid: [elementwise.sigmoid, wide],
    tanh: [elementwise.tanh, { scale: 2 }],
    silu: [elementwise.silu, wide],
    gelu: [elementwise.gelu, { scale: 3 }],
    "gelu by tanh": [(x) => elementwise.gelu(x, { approximate: "tanh" }), { scale: 3 }],
    hardSigmoid: [elementwise.hardSigmoid, wide],
    hardSwish: [elementwise.hardSwish, wide],
    relu6: [elementwise.relu6, { scale: 9 }],
    softplus: [elementwise.softplus, wide],
    "softplus, beta 3, threshold 2": [
      (x) => elementwise.softplus(x, { beta: 3, threshold: 2 }),
      { scale: 0.5 },
    ],
    clamp: [(x) => elementwise.clamp(x, { min: -0.5, max: 0.7 })],
    "1 / x": [(x) => elementwise.div(1, x), positive],
    "x³": [(x) => elementwise.pow(x, 3)],
    "3ˣ": [(x) => elementwise.pow(3, x)],
  };
  for (const [name, [build, draw]] of Object.entries(unary))
    test(name, () => check((a) => build(a), [3, 7], undefined, draw));

  const pairs: readonly (readonly [Shape, Shape])[] = [
    [
      [3, 4],
      [3, 4],
    ],
    [[3, 4], [4]],
    [
      [2, 1, 3],
      [4, 1],
    ],
    [
      [2, 3, 4, 5],
      [2, 3, 4, 5],
    ],
    [[], [3]],
  ];
  const binary: Readonly<Record<string, readonly [Build, Draw?]>> = {
    add: [elementwise.add],
    sub: [elementwise.sub],
    mul: [elementwise.mul],
    div: [elementwise.div, positive],
    pow: [elementwise.pow, positive],
    maximum: [elementwise.maximum],
    minimum: [elementwise.minimum],
  };
  for (const [name, [build, draw]] of Object.entries(binary)) {
    for (const [a, b] of pairs)
      test(`${name} of [${a.join(", ")}] and [${b.join(", ")}]`, () => check(build, a, b, draw));
  }

  // Images: four axes, which lie in memory as H W N C.
  const image = [4, 5, 2, 3];
  const others: Readonly<Record<string, readonly [Shape, Build, Shape?]>> = {
    "sum over channels": [image, (a) => reductions.sum(a, { axes: 1 })],
    "mean of an image": [image, (a) => reductions.mean(a, { axes: [2, 3], keepDims: true })],
    max: [image, (a) => reductions.max(a, { axes: [0, 2] })],
    min: [[3, 4], (a) => reductions.min(a, { axes: -1 })],
    variance: [image, (a) => reductions.variance(a, { axes: [0, 2, 3] })],
    where: [[2, 3, 4], (a, b) => elementwise.where(elementwise.less(a, 0), a, b), [3, 1]],
    softmax: [[3, 4], (a) => reductions.softmax(a, 1)],
    "logSoftmax over channels": [image, (a) => reductions.logSoftmax(a, 1)],
    "reshape of an image": [image, (a) => shapes.reshape(a, [2, -1])],
    transpose: [[2, 3, 4], (a) => shapes.transpose(a, 0, 2)],
    "permute of an image": [image, (a) => shapes.permute(a, [1, 0, 3, 2])],
    broadcastTo: [[3, 1], (a) => shapes.broadcastTo(a, [2, 3, 4])],
    "slice of an image": [image, (a) => shapes.slice(a, 2, { start: -1, end: 0, step: -2 })],
    pad: [
      [2, 3],
      (a) =>
        shapes.pad(
          a,
          [
            [1, 0],
            [0, 2],
          ],
          7,
        ),
    ],
    concat: [[2, 3], (a, b) => shapes.concat([a, b, a], 1), [2, 1]],
    "conv2d with other steps along each axis": [
      [5, 6, 2, 2],
      (a, b) =>
        conv2d(a, reshape(b, [3, 2, 2, 2]), { stride: [2, 1], dilation: [1, 2], padding: [1, 0] }),
      [24],
    ],
    convTranspose2d: [
      [3, 2, 2, 2],
      (a, b) =>
        convTranspose2d(a, reshape(b, [2, 3, 3, 3]), { stride: 2, padding: 1, outputPadding: 1 }),
      [54],
    ],
    "maxPool2d of other height and width": [
      [5, 6, 2, 1],
      (a) => maxPool2d(a, { kernel: [2, 3], ceilMode: true }),
    ],
    "avgPool2d without its padding": [
      [5, 6, 2, 1],
      (a) => avgPool2d(a, { kernel: 3, stride: 2, padding: 1, countIncludePad: false }),
    ],
    "bilinear upsample": [[3, 4, 2, 1], (a) => upsample(a, { scale: 2, mode: "bilinear" })],
    matmul: [[2, 3, 4], matmul, [4, 5]],
    "matmul of vectors": [[4], matmul, [4]],
    layerNorm: [[3, 4, 5], (a, weight) => layerNorm(a, [4, 5], { weight, eps: 0.1 }), [4, 5]],
    groupNorm: [[2, 3, 2, 6], (a, weight) => groupNorm(a, 2, { weight, eps: 0.1 }), [6]],
  };
  for (const [name, [a, build, b]] of Object.entries(others)) test(name, () => check(build, a, b));
});
