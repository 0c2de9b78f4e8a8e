// How PyTorch's fixtures of an op are traced.
import type { Leaf, Tensor } from "../../src/graph/tensor.js";
import { adaptiveAvgPool2d } from "../../src/ops/adaptive-avg-pool2d.js";
import { adaptiveMaxPool2dOp } from "../../src/ops/adaptive-max-pool2d.js";
import { add } from "../../src/ops/add.js";
import { avgPool2d } from "../../src/ops/avg-pool2d.js";
import { batchNorm2d, batchNorm2dTraining } from "../../src/ops/batch-norm2d.js";
import { conv2d } from "../../src/ops/conv2d.js";
import { flatten } from "../../src/ops/flatten.js";
import { leakyRelu } from "../../src/ops/leaky-relu.js";
import { lerp } from "../../src/ops/lerp.js";
import { linear } from "../../src/ops/linear.js";
import { maxPool2dOp, type PoolAttrs } from "../../src/ops/max-pool2d.js";
import { relu } from "../../src/ops/relu.js";
import { runningStatisticsOp } from "../../src/ops/running-statistics.js";
import { softmaxCrossEntropy } from "../../src/ops/softmax-cross-entropy.js";
import type { OpCase } from "./fixtures.js";

export type Leaves = Readonly<Record<string, Leaf>>;
export type Outputs = Record<string, Tensor>;
type Attributes = OpCase["attributes"];

const poolOf = ({ kernel, stride, padding }: Attributes): PoolAttrs => ({
  kernel: Number(kernel),
  stride: Number(stride),
  padding: Number(padding),
});

function traceBatchNorm(leaves: Leaves, attributes: Attributes): Outputs {
  const { x, weight, bias, runningMean, runningVariance, residual } = leaves;
  const eps = Number(attributes["eps"]);
  const parameters = { weight: weight!, bias: bias! };
  const outputs: Outputs = {};
  const running = { mean: runningMean!, variance: runningVariance! };
  let y: Tensor;
  if (attributes["statistics"] === "batch") {
    const { y: normalized, ...statistics } = batchNorm2dTraining(x!, parameters, eps);
    const [h, w, n] = x!.shape;
    const { newMean, newVariance } = runningStatisticsOp.trace(
      { runningMean: running.mean, runningVariance: running.variance, ...statistics },
      { momentum: Number(attributes["momentum"]), count: h! * w! * n! },
    );
    Object.assign(outputs, { newMean, newVariance });
    y = normalized;
  } else y = batchNorm2d(x!, parameters, running, eps);
  if (residual) y = add(y, residual);
  if (attributes["activation"] === "relu") y = relu(y);
  if (attributes["activation"] === "leakyRelu") y = leakyRelu(y, Number(attributes["slope"]));
  return { y, ...outputs };
}

/** How each op is traced; `y` (or `loss`) is what the upstream gradient belongs to. */
export const traces: Readonly<Record<string, (leaves: Leaves, attributes: Attributes) => Outputs>> =
  {
    conv2d: ({ x, weight, bias }, { stride, padding, groups }) => ({
      y: conv2d(
        x!,
        weight!,
        { stride: Number(stride), padding: Number(padding), groups: Number(groups) },
        bias,
      ),
    }),
    batchNorm2d: traceBatchNorm,
    relu: ({ x }) => ({ y: relu(x!) }),
    leakyRelu: ({ x }, { slope }) => ({ y: leakyRelu(x!, Number(slope)) }),
    flatten: ({ x }) => ({ y: flatten(x!) }),
    add: ({ a, b }) => ({ y: add(a!, b!) }),
    avgPool2d: ({ x }, attributes) => ({ y: avgPool2d(x!, poolOf(attributes)) }),
    maxPool2d: ({ x }, attributes) => ({ ...maxPool2dOp.trace({ x: x! }, poolOf(attributes)) }),
    adaptiveAvgPool2d: ({ x }) => ({ y: adaptiveAvgPool2d(x!) }),
    adaptiveMaxPool2d: ({ x }) => ({ ...adaptiveMaxPool2dOp.trace({ x: x! }, {}) }),
    linear: ({ x, weight, bias }) => ({ y: linear(x!, weight!, bias) }),
    lerp: ({ start, end, weight }) => ({ y: lerp(start!, end!, weight!) }),
    softmaxCrossEntropy: ({ logits, labels }, { smoothing, classWeights }) => ({
      ...softmaxCrossEntropy(logits!, labels!, {
        smoothing: Number(smoothing),
        ...(classWeights !== undefined && { classWeights: classWeights as readonly number[] }),
      }),
    }),
  };
