import type { Op } from "../graph/define-op.js";
import { adamOp } from "./adam.js";
import { adaptiveAvgPool2dGradOp, adaptiveAvgPool2dOp } from "./adaptive-avg-pool2d.js";
import { adaptiveMaxPool2dGradOp, adaptiveMaxPool2dOp } from "./adaptive-max-pool2d.js";
import { addOp } from "./add.js";
import { avgPool2dGradOp, avgPool2dOp } from "./avg-pool2d.js";
import { batchNormFoldOp } from "./batch-norm-fold.js";
import { batchNormStatisticsOp } from "./batch-norm-statistics.js";
import { batchNormInputGradOp, batchNormParamGradOp } from "./batch-norm2d-grad.js";
import { batchNorm2dOp } from "./batch-norm2d.js";
import { biasGradOp } from "./bias-grad.js";
import { clipScaleOp } from "./clip-scale.js";
import { constantOp } from "./constant.js";
import { conv2dInputGradOp, conv2dWeightGradOp } from "./conv2d-grad.js";
import { conv2dOp } from "./conv2d.js";
import { dropoutOp } from "./dropout.js";
import { flattenGradOp, flattenOp } from "./flatten.js";
import { gatherLabelsOp } from "./gather-labels.js";
import { ingestOp } from "./ingest.js";
import { leakyReluGradOp, leakyReluOp } from "./leaky-relu.js";
import { lerpOp } from "./lerp.js";
import { linearInputGradOp, linearOp, linearWeightGradOp } from "./linear.js";
import { maxPool2dGradOp, maxPool2dOp } from "./max-pool2d.js";
import { mixSamplesOp } from "./mix-samples.js";
import { reluGradOp, reluOp } from "./relu.js";
import { runningStatisticsOp } from "./running-statistics.js";
import { sgdOp } from "./sgd.js";
import { softmaxCrossEntropyGradOp, softmaxCrossEntropyOp } from "./softmax-cross-entropy.js";
import { squaredNormOp } from "./squared-norm.js";
import { stochasticDepthOp } from "./stochastic-depth.js";
import { subsampleGradOp, subsampleOp } from "./subsample.js";

const all = [
  ingestOp,
  gatherLabelsOp,
  mixSamplesOp,
  conv2dOp,
  conv2dInputGradOp,
  conv2dWeightGradOp,
  biasGradOp,
  linearOp,
  linearInputGradOp,
  linearWeightGradOp,
  batchNormStatisticsOp,
  batchNorm2dOp,
  batchNormParamGradOp,
  batchNormInputGradOp,
  batchNormFoldOp,
  runningStatisticsOp,
  reluOp,
  reluGradOp,
  leakyReluOp,
  leakyReluGradOp,
  addOp,
  maxPool2dOp,
  maxPool2dGradOp,
  avgPool2dOp,
  avgPool2dGradOp,
  adaptiveAvgPool2dOp,
  adaptiveAvgPool2dGradOp,
  adaptiveMaxPool2dOp,
  adaptiveMaxPool2dGradOp,
  flattenOp,
  flattenGradOp,
  subsampleOp,
  subsampleGradOp,
  dropoutOp,
  stochasticDepthOp,
  softmaxCrossEntropyOp,
  softmaxCrossEntropyGradOp,
  constantOp,
  lerpOp,
  squaredNormOp,
  clipScaleOp,
  sgdOp,
  adamOp,
] as unknown as readonly Op[];

/** Every op there is, by the name that stands in programs. */
export const opsByName: ReadonlyMap<string, Op> = new Map(all.map((op) => [op.name, op]));
