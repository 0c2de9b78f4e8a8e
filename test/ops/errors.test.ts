// What ops say when their inputs do not fit together: the whole text.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { input, type Tensor } from "../../src/graph/tensor.js";
import { add } from "../../src/ops/add.js";
import { avgPool2d } from "../../src/ops/avg-pool2d.js";
import { batchNorm2d, batchNorm2dOp } from "../../src/ops/batch-norm2d.js";
import { conv2dInputGradOp } from "../../src/ops/conv2d-grad.js";
import { conv2d, conv2dOp } from "../../src/ops/conv2d.js";
import { dropout } from "../../src/ops/dropout.js";
import { flatten } from "../../src/ops/flatten.js";
import { ingest, ingestPlaced } from "../../src/ops/ingest.js";
import { leakyRelu } from "../../src/ops/leaky-relu.js";
import { lerp } from "../../src/ops/lerp.js";
import { linear } from "../../src/ops/linear.js";
import { maxPool2d } from "../../src/ops/max-pool2d.js";
import { mixSamplesOp } from "../../src/ops/mix-samples.js";
import { runningStatisticsOp } from "../../src/ops/running-statistics.js";
import { softmaxCrossEntropy } from "../../src/ops/softmax-cross-entropy.js";
import { stochasticDepth } from "../../src/ops/stochastic-depth.js";
import { subsample } from "../../src/ops/subsample.js";

const t = (...shape: readonly number[]): Tensor => input("t", shape);

const parameters = { weight: t(3), bias: t(3) };
const norm = { eps: 1e-5, statistics: "batch", activation: "none", slope: 0 } as const;
const window = { stride: 1, padding: 0, groups: 1 };
const plain = { ...window, activation: "none", slope: 0 } as const;

const shapeErrors: Readonly<Record<string, readonly [() => unknown, string]>> = {
  "lerp of two shapes": [
    () => lerp(t(3, 4), t(4, 3), t()),
    "lerp: start and end must have one shape\n  start  [3, 4]\n  end    [4, 3]",
  ],
  "mixSamples of other labels": [
    () => mixSamplesOp.trace({ x: t(3, 4, 2, 1), labels: t(3), share: t(), box: t(4) }, {}),
    "mixSamples: x has 2 samples but labels has 3\n" +
      "  x       [3, 4, 2, 1]   H W N C\n  labels  [3]            N",
  ],
  "conv2d of other channels": [
    () => conv2d(t(8, 9, 2, 3), t(3, 3, 1, 4)),
    "conv2d: x has 3 channels but weight takes 1\n" +
      "  x       [8, 9, 2, 3]   H W N Cin\n  weight  [3, 3, 1, 4]   KH KW Cin Cout",
  ],
  "conv2d of other channels in groups": [
    () => conv2d(t(8, 9, 2, 3), t(3, 3, 2, 4), { groups: 2 }),
    "conv2d: x has 3 channels but weight takes 2 groups of 2\n" +
      "  x       [8, 9, 2, 3]   H W N Cin\n  weight  [3, 3, 2, 4]   KH KW Cin/groups Cout",
  ],
  "conv2d of three axes": [
    () => conv2d(t(8, 9, 2), t(3, 3, 1, 4)),
    "conv2d: x needs 4 axes but has 3\n  x  [8, 9, 2]   H W N C",
  ],
  "conv2d with a weight of two axes": [
    () => conv2d(t(8, 9, 2, 3), t(3, 4)),
    "conv2d: weight needs 4 axes but has 2\n  weight  [3, 4]   KH KW Cin/groups Cout",
  ],
  "conv2d with a window larger than the image": [
    () => conv2d(t(2, 9, 2, 3), t(5, 5, 3, 4), { padding: 1 }),
    "conv2d: a 5×5 window does not fit the 2×9 image with padding 1\n  x  [2, 9, 2, 3]   H W N C",
  ],
  "conv2d with a bias of other length": [
    () => conv2d(t(8, 9, 2, 3), t(3, 3, 3, 4), {}, t(3)),
    "conv2d: bias must have 4 values, one for each output channel\n" +
      "  weight  [3, 3, 3, 4]   KH KW Cin/groups Cout\n  bias    [3]            Cout",
  ],
  "conv2d with another residual": [
    () =>
      conv2dOp.trace({ x: t(3, 3, 2, 3), weight: t(1, 1, 3, 4), residual: t(3, 3, 2, 3) }, plain),
    "conv2d: the residual must have the shape of y\n" +
      "  residual  [3, 3, 2, 3]   H W N C\n  y         [3, 3, 2, 4]   OH OW N Cout",
  ],
  "conv2dInputGrad with another addend": [
    () =>
      conv2dInputGradOp.trace(
        { dy: t(3, 3, 2, 4), weight: t(1, 1, 3, 4), addend: t(3, 3, 2, 4) },
        { ...window, imageSize: [3, 3] },
      ),
    "conv2dInputGrad: the addend must have the shape of dx\n" +
      "  addend  [3, 3, 2, 4]   H W N C\n  dx      [3, 3, 2, 3]   H W N C",
  ],
  "batchNorm2d of other channels": [
    () => batchNorm2d(t(8, 9, 2, 4), parameters, { mean: t(4), variance: t(4) }, 1e-5),
    "batchNorm2d: x has 4 channels but weight has 3 values\n" +
      "  x       [8, 9, 2, 4]   H W N C\n  weight  [3]            C",
  ],
  "batchNorm2d with another residual": [
    () =>
      batchNorm2dOp.trace(
        { x: t(2, 2, 1, 3), mean: t(3), variance: t(3), ...parameters, residual: t(2, 1, 1, 3) },
        norm,
      ),
    "batchNorm2d: the residual must have the shape of x\n" +
      "  x         [2, 2, 1, 3]   H W N C\n  residual  [2, 1, 1, 3]   H W N C",
  ],
  "add of two shapes": [
    () => add(t(2, 3), t(3, 2)),
    "add: a and b must have one shape\n  a  [2, 3]\n  b  [3, 2]",
  ],
  "linear of other features": [
    () => linear(t(2, 3), t(4, 5)),
    "linear: x has 3 features but weight takes 4\n  x       [2, 3]   N In\n  weight  [4, 5]   In Out",
  ],
  "linear with a bias of other length": [
    () => linear(t(2, 3), t(3, 5), t(3)),
    "linear: bias must have 5 values, one for each output\n  weight  [3, 5]   In Out\n  bias    [3]      Out",
  ],
  "flatten of rows": [
    () => flatten(t(2, 3)),
    "flatten: x needs 4 axes but has 2\n  x  [2, 3]   H W N C",
  ],
  "subsample of rows": [
    () => subsample(t(2, 3), { stride: 2, padChannels: [0, 0] }),
    "subsample: x needs 4 axes but has 2\n  x  [2, 3]   H W N C",
  ],
  "stochasticDepth of rows": [
    () => stochasticDepth(t(2, 3), input("key", [2], "i32"), { probability: 0.5, stream: 0 }),
    "stochasticDepth: x needs 4 axes but has 2\n  x  [2, 3]   H W N C",
  ],
  "softmaxCrossEntropy with other labels": [
    () => softmaxCrossEntropy(t(4, 10), input("labels", [3], "i32")),
    "softmaxCrossEntropy: logits has 4 samples but labels has 3\n" +
      "  logits  [4, 10]   N K\n  labels  [3]       N",
  ],
  "ingest with other channels": [
    () => ingest(t(9, 4, 4, 3), t(2), { mean: [0.5], std: [0.5] }),
    "ingest: images have 3 channels but mean has 1 values\n  images  [9, 4, 4, 3]   rows H W C",
  ],
  "ingest with a placement for other samples": [
    () =>
      ingestPlaced(t(9, 4, 4, 1), t(2), t(3, 8), {
        mean: [0.5],
        std: [0.5],
        size: [4, 4],
        fill: [0],
        eraseFill: [0],
      }),
    "ingest: a placement is 8 numbers for each index\n" +
      "  placement  [3, 8]   N 8\n  indices    [2]      N",
  ],
};

const attributeErrors: Readonly<Record<string, readonly [() => unknown, string]>> = {
  "groups that do not divide": [
    () => conv2d(t(8, 9, 2, 4), t(3, 3, 2, 5), { groups: 2 }),
    "conv2d: groups must divide the 5 output channels, but it is 2",
  ],
  "a stride of 0": [
    () => conv2d(t(8, 9, 2, 3), t(3, 3, 3, 4), { stride: 0 }),
    "conv2d: stride must be a positive and padding a non-negative integer, but they are 0 and 0",
  ],
  "a padding of 0.5": [
    () => avgPool2d(t(8, 9, 2, 3), { kernel: 2, stride: 2, padding: 0.5 }),
    "avgPool2d: stride must be a positive and padding a non-negative integer, but they are 2 and 0.5",
  ],
  "a pooling window whose index does not fit a byte": [
    () => maxPool2d(t(40, 40, 2, 3), { kernel: 17, stride: 1, padding: 0 }),
    "maxPool2d: kernel must be an integer in 1 … 16, but it is 17",
  ],
  "a pooling window that sees only padding": [
    () => maxPool2d(t(8, 8, 2, 3), { kernel: 3, stride: 1, padding: 2 }),
    "maxPool2d: padding must be at most half of the kernel 3, but it is 2",
  ],
  "an infinite slope": [
    () => leakyRelu(t(2), Infinity),
    "leakyRelu: slope must be finite, but it is Infinity",
  ],
  "dropping more than everything": [
    () => dropout(t(2), input("key", [2], "i32"), { probability: 1.5, stream: 0 }),
    "dropout: probability must be in [0, 1], but it is 1.5",
  ],
  "dropping more than every sample": [
    () => stochasticDepth(t(2, 2, 2, 3), input("key", [2], "i32"), { probability: 1.5, stream: 0 }),
    "stochasticDepth: probability must be in [0, 1], but it is 1.5",
  ],
  "taking every half pixel": [
    () => subsample(t(2, 2, 2, 3), { stride: 0.5, padChannels: [0, 0] }),
    "subsample: stride must be a positive integer, but it is 0.5",
  ],
  "taking channels away": [
    () => subsample(t(2, 2, 2, 3), { stride: 2, padChannels: [-1, 0] }),
    "subsample: padChannels must be two non-negative integers, but it is -1 and 0",
  ],
  "smoothing more than everything": [
    () => softmaxCrossEntropy(t(4, 10), input("labels", [4], "i32"), { smoothing: 1.5 }),
    "softmaxCrossEntropy: smoothing must be in [0, 1], but it is 1.5",
  ],
  "cross-entropy with a weight too few": [
    () =>
      softmaxCrossEntropy(t(4, 3), input("labels", [4], "i32"), {
        smoothing: 0,
        classWeights: [1, 2],
      }),
    "softmaxCrossEntropy: there are 3 classes but 2 class weights",
  ],
  "cross-entropy with a class that counts less than nothing": [
    () =>
      softmaxCrossEntropy(t(4, 2), input("labels", [4], "i32"), {
        smoothing: 0,
        classWeights: [1, -1],
      }),
    "softmaxCrossEntropy: class weights must be numbers of 0 or more, but one is -1",
  ],
  "statistics of one value": [
    () =>
      runningStatisticsOp.trace(
        { runningMean: t(3), runningVariance: t(3), mean: t(3), variance: t(3) },
        { momentum: 0.1, count: 1 },
      ),
    "batch norm needs more than one value per channel in training, but this batch has one (one image on a 1×1 map): " +
      "use a larger batch, or a number of images that does not leave a last batch of one",
  ],
};

describe("shape errors name both sides and their axes", () => {
  for (const [name, [make, message]] of Object.entries(shapeErrors)) {
    test(name, () => {
      assert.throws(make, { name: "ShapeError", code: "ERR_SHAPE", message });
    });
  }
});

describe("attribute errors say what is allowed", () => {
  for (const [name, [make, message]] of Object.entries(attributeErrors)) {
    test(name, () => {
      assert.throws(make, { name: "UsageError", code: "ERR_ATTRIBUTE", message });
    });
  }
});
