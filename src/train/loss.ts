import { shapeOf } from "../functional/axes.js";
import { arange, tensor } from "../functional/constants.js";
import {
  abs,
  add,
  div,
  equal,
  exp,
  less,
  log1p,
  maximum,
  mul,
  neg,
  notEqual,
  square,
  sub,
  where,
} from "../functional/elementwise.js";
import { argmax, logSoftmax, mean, sum } from "../functional/reductions.js";
import { reshape } from "../functional/shapes.js";
import { Tensor } from "../graph/tensor.js";
import { softmaxCrossEntropy } from "../ops/softmax-cross-entropy.js";
import { checkNumber, checkOptionValues, fraction } from "../tensor/check-options.js";
import { ResnetError } from "../tensor/error.js";
import { formatShape, sameShape } from "../tensor/shape.js";

/** The targets of a batch while it is traced: one tensor, most often class indices i32 `[N]`, or several by name. */
export type Targets = Tensor | Readonly<Record<string, Tensor>>;

/** The loss `[]` of a batch, and other values of its step that the host should get. */
export interface LossOutputs {
  readonly loss: Tensor;
  /** `[]`: the number of samples that are classified correctly. Metrics turn it into an accuracy. */
  readonly correct?: Tensor;
  readonly [name: string]: Tensor | undefined;
}

/**
 * A loss is a function of traced tensors: the outputs of the model, as it returns them, and the targets of the batch. It returns one number,
 * shape `[]`, or that number with further values by name.
 *
 *     const meanSquaredError: Loss<Tensor> = (outputs, targets) => mean(square(sub(outputs, targets)));
 *
 * A scalar that changes from step to step, such as the weight of a second term, is an input: `input("alpha", [])`. Each step
 * then takes it by that name: `session.step(batch, { learningRate: 0.1, alpha: 0.5 })`.
 */
export type Loss<T extends Targets = Tensor, Outputs = Tensor> = (
  outputs: Outputs,
  targets: T,
) => Tensor | LossOutputs;

/** A loss of classes that also counts the samples that are classified correctly. */
export type CrossEntropy = (
  logits: Tensor,
  targets: Targets,
) => { readonly loss: Tensor; readonly correct: Tensor };

export interface CrossEntropyOptions {
  /** ε in `[0, 1]`: the target is `1 − ε` on the true class plus `ε / K` on every class. Default 0. */
  readonly labelSmoothing?: number;
  /** The weight of a sample of each class, 0 or more; or a function of the number of classes. Default: 1 each. */
  readonly classWeights?: readonly number[] | ((classes: number) => readonly number[]) | null;
  /** A label whose samples do not count, such as PyTorch's -100. Default: none. */
  readonly ignoreIndex?: number;
  /** `mean` over the weights of the labels, or over N for probabilities; `sum`; or `none`, one number a sample. Default mean. */
  readonly reduction?: "mean" | "sum" | "none";
}

/**
 * The cross-entropy of logits `[N, K]`, in nats: PyTorch's `nn.CrossEntropyLoss`. Targets are class indices i32 `[N]` or
 * probabilities f32 `[N, K]`. It also counts the samples that are classified correctly; with probabilities, whose largest
 * logit is at the largest probability.
 *
 * @throws {ResnetError} `ERR_ATTRIBUTE`, when it is traced, if the weights are not one number for each class
 */
export function crossEntropy(options: CrossEntropyOptions = {}): CrossEntropy {
  checkOptionValues("crossEntropy", options, {
    labelSmoothing: fraction,
    classWeights: "any",
    ignoreIndex: { whole: true },
    reduction: ["mean", "sum", "none"],
  });
  const { labelSmoothing = 0, classWeights = null, ignoreIndex, reduction = "mean" } = options;
  return (logits, targets) => {
    if (!(logits instanceof Tensor)) {
      throw new ResnetError(
        "ERR_LOSS",
        `crossEntropy takes one tensor of logits, but the model returns ${Object.keys(logits).join(", ")}: ` +
          "write a loss that picks one of them",
      );
    }
    if (!(targets instanceof Tensor)) {
      throw new ResnetError(
        "ERR_LOSS",
        `crossEntropy takes one array of labels as targets, but the batch has ${Object.keys(targets).join(", ")}: ` +
          "write a loss that picks one of them",
      );
    }
    const [, classes = 0] = logits.shape;
    const weights = typeof classWeights === "function" ? classWeights(classes) : classWeights;
    const isPlain = reduction === "mean" && ignoreIndex === undefined && targets.dtype === "i32";
    if (isPlain) {
      return softmaxCrossEntropy(logits, targets, {
        smoothing: labelSmoothing,
        ...(weights && { classWeights: weights }),
      });
    }
    return composedCrossEntropy(logits, targets, {
      weights,
      labelSmoothing,
      ignoreIndex,
      reduction,
    });
  };
}

interface ComposedOptions extends Required<
  Pick<CrossEntropyOptions, "labelSmoothing" | "reduction">
> {
  readonly weights: readonly number[] | null;
  readonly ignoreIndex: number | undefined;
}

/** The same from general ops. An ignored label matches no class, so that its sample counts nothing. */
function composedCrossEntropy(
  logits: Tensor,
  targets: Tensor,
  { weights, labelSmoothing: smoothing, ignoreIndex, reduction }: ComposedOptions,
): { readonly loss: Tensor; readonly correct: Tensor } {
  const [, classes = 0] = logits.shape;
  const isIndices = targets.dtype === "i32";
  if (!isIndices) requireSameShape(logits, targets);
  const hot = isIndices ? oneHot(targets, classes, ignoreIndex) : targets;
  const isCounted = sum(hot, { axes: 1, keepDims: true });
  const spread = isIndices ? mul(isCounted, smoothing / classes) : smoothing / classes;
  const target = add(mul(hot, 1 - smoothing), spread);
  const weighted = weights ? mul(target, tensor(weights)) : target;
  // Where the target is 0, a logit of −∞ costs nothing.
  const costs = where(notEqual(weighted, 0), mul(weighted, neg(logSoftmax(logits, 1))), 0);
  const losses = sum(costs, { axes: 1 });
  const hits = equal(argmax(logits, 1), isIndices ? targets : argmax(targets, 1));
  const correct = sum(isIndices ? mul(hits, reshape(isCounted, [-1])) : hits);
  if (reduction === "none") return { loss: losses, correct };
  const total = sum(losses);
  if (reduction === "sum") return { loss: total, correct };
  const count = weights ? sum(mul(hot, tensor(weights))) : sum(isCounted);
  return { loss: isIndices ? div(total, count) : mean(losses), correct };
}

/** `[N, K]`: 1 at the label of each sample, and 0 in the whole row of an ignored one. */
function oneHot(labels: Tensor, classes: number, ignoreIndex: number | undefined): Tensor {
  const index = reshape(labels, [-1, 1]);
  const matches = equal(index, arange(classes));
  return ignoreIndex === undefined ? matches : mul(matches, notEqual(index, ignoreIndex));
}

/** @throws {ResnetError} `ERR_LOSS` for outputs and targets of two shapes, which would broadcast */
function requireSameShape(outputs: Tensor, targets: Tensor): void {
  const [found, wanted] = [shapeOf(targets), shapeOf(outputs)];
  if (sameShape(found, wanted)) return;
  throw new ResnetError(
    "ERR_LOSS",
    `the targets have the shape ${formatShape(found)}, but the outputs have ${formatShape(wanted)}: both must have one shape`,
  );
}

/** The difference of outputs and targets of one shape. */
function difference(outputs: Tensor, targets: Tensor): Tensor {
  requireSameShape(outputs, targets);
  return sub(outputs, targets);
}

/** The mean squared difference of outputs and targets of one shape: PyTorch's `nn.MSELoss`. */
export const mseLoss: Loss = (outputs, targets) => mean(square(difference(outputs, targets)));

/** The mean absolute difference of outputs and targets of one shape: PyTorch's `nn.L1Loss`. */
export const l1Loss: Loss = (outputs, targets) => mean(abs(difference(outputs, targets)));

/** Squared up to a difference of `delta`, and absolute beyond: PyTorch's `nn.HuberLoss(delta=delta)`. */
export function huberLoss(delta = 1): Loss {
  checkNumber("huberLoss", "delta", delta, { least: 0, above: true });
  return (outputs, targets) => {
    const distance = abs(difference(outputs, targets));
    const linear = mul(sub(distance, delta / 2), delta);
    return mean(where(less(distance, delta), mul(square(distance), 0.5), linear));
  };
}

/**
 * Binary cross-entropy of logits and targets in `[0, 1]`, both `[N, K]`, for several labels a picture: PyTorch's
 * `nn.BCEWithLogitsLoss`. `max(x, 0) − x·t + log(1 + e^−|x|)` does not overflow.
 */
export const bceWithLogits: Loss = (logits, targets) => {
  requireSameShape(logits, targets);
  const linear = sub(maximum(logits, 0), mul(logits, targets));
  return mean(add(linear, log1p(exp(neg(abs(logits))))));
};

/** The result of a loss in its long form. @throws {ResnetError} `ERR_LOSS` unless it is one float32 number */
export function lossOutputs(result: Tensor | LossOutputs): LossOutputs {
  const outputs = isOutputs(result) ? result : { loss: result };
  const { shape, dtype } = outputs.loss;
  if (shape.length === 0 && dtype === "f32") return outputs;
  throw new ResnetError(
    "ERR_LOSS",
    `the loss is ${dtype} ${formatShape(shape)}, but it must be one f32 number, []: take the mean or the sum of it`,
  );
}

const isOutputs = (result: Tensor | LossOutputs): result is LossOutputs => "loss" in result;
