import { number, numbers, optional, type AttrsOf } from "../graph/attributes.js";
import { defineOp, type Values } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { logSumExp } from "../tensor/log-sum-exp.js";
import { ResnetError, UsageError } from "../tensor/error.js";
import { dims2, sameShape, ShapeError, sizeOf, type TensorSpec } from "../tensor/shape.js";

export const crossEntropyAttrs = {
  /** ε in `[0, 1]`: the target is `1 − ε` on the true class plus `ε / K` on every class. */
  smoothing: number({ least: 0, most: 1 }),
  /** w, the weight of a sample of each class, `[K]`, 0 or more. Absent: 1 each. */
  classWeights: optional(numbers("K", { least: 0 })),
};
export type CrossEntropyAttrs = AttrsOf<typeof crossEntropyAttrs>;

/**
 * Mean cross-entropy of a batch, in nats, and how many samples are right.
 *
 *     logits    [N, K]    unnormalized scores
 *     labels    i32 [N]   classes in 0 … K−1
 *     loss      []        −Σ w · target · log softmax(logits), over the sum of the labels' w; without w, the mean over N
 *     correct   []        samples whose first largest logit, or first NaN, is at the label
 *
 * PyTorch's `cross_entropy(logits, labels, weight=w, label_smoothing=ε)`; smoothing: Szegedy et al. 2016,
 * arXiv:1512.00567, §7.
 */
export const softmaxCrossEntropyOp = defineOp({
  name: "softmaxCrossEntropy",
  role: "forward",
  meaning:
    "The mean over N, in nats, weighted by the labels' class weights; `correct` is the number of samples whose first largest logit, or first NaN, is at the label",
  inputs: {
    logits: "f32 [N, K]",
    labels: "i32 [N]",
  },
  outputs: {
    loss: "f32 []",
    "correct?": "f32 []",
  },
  attrs: crossEntropyAttrs,

  shape({ logits, labels }, { smoothing, classWeights }) {
    checkLabels(logits, labels);
    checkWeights(logits, classWeights);
    if (!(smoothing >= 0 && smoothing <= 1)) {
      throw new UsageError(
        "ERR_ATTRIBUTE",
        `softmaxCrossEntropy: smoothing must be in [0, 1], but it is ${smoothing}`,
      );
    }
    return { loss: { shape: [], dtype: "f32" }, correct: { shape: [], dtype: "f32" } };
  },

  gradient: ({ logits, labels, dloss, attrs }) => ({
    logits: softmaxCrossEntropyGradOp.trace({ logits, labels, dloss }, attrs).dlogits,
  }),

  flops: ({ logits }) => 5 * sizeOf(logits.shape),

  reference({ logits, labels }, { loss, correct }, attrs) {
    const [n, k] = dims2(logits);
    let total = 0;
    let right = 0;
    for (let i = 0; i < n; i++) {
      const row = logits.data.subarray(i * k, (i + 1) * k);
      const label = labelOf(labels, i, k);
      const { max, logSum } = logSumExp(row);
      // −log softmax
      const cost = (j: number): number => max - row[j]! + logSum;
      const weightOf = (j: number): number => attrs.classWeights?.[j] ?? 1;
      total += (1 - attrs.smoothing) * weightOf(label) * cost(label);
      // Without smoothing the other classes do not count, even where a logit is −∞.
      for (let j = 0; attrs.smoothing > 0 && j < k; j++)
        total += (attrs.smoothing / k) * weightOf(j) * cost(j);
      if (predictionOf(row) === label) right++;
    }
    loss.data[0] = total / totalWeight(labels, k, attrs);
    if (correct) correct.data[0] = right;
  },
});

/** Traces the mean cross-entropy of `logits [N, K]`; see `softmaxCrossEntropyOp`. */
export const softmaxCrossEntropy = (
  logits: Tensor,
  labels: Tensor,
  attrs: CrossEntropyAttrs = { smoothing: 0 },
): { readonly loss: Tensor; readonly correct: Tensor } =>
  softmaxCrossEntropyOp.trace({ logits, labels }, attrs);

/**
 * Gradient of `softmaxCrossEntropy`: with `t = w · target`, `dlogits = dloss · (softmax(logits) · Σ t − t)` over the sum of the
 * labels' w.
 */
export const softmaxCrossEntropyGradOp = defineOp({
  name: "softmaxCrossEntropyGrad",
  role: "gradient",
  meaning:
    "`dloss · (softmax(logits) · Σ target − target)`, over the sum of the labels' class weights",
  inputs: {
    logits: "f32 [N, K]",
    labels: "i32 [N]",
    dloss: "f32 []",
  },
  outputs: {
    dlogits: "f32 [N, K]",
  },
  attrs: crossEntropyAttrs,
  gradient: null,
  shape({ logits, labels }) {
    checkLabels(logits, labels);
    return { dlogits: logits };
  },
  flops: ({ logits }) => 5 * sizeOf(logits.shape),
  reference({ logits, labels, dloss }, { dlogits }, attrs) {
    const [n, k] = dims2(logits);
    const share = dloss.data[0]! / totalWeight(labels, k, attrs);
    for (let i = 0; i < n; i++) {
      const row = logits.data.subarray(i * k, (i + 1) * k);
      const label = labelOf(labels, i, k);
      const { max, logSum } = logSumExp(row);
      let targets = 0;
      for (let j = 0; j < k; j++) targets += targetOf(label, j, k, attrs);
      for (let j = 0; j < k; j++) {
        const target = targetOf(label, j, k, attrs);
        dlogits.data[i * k + j] = share * (Math.exp(row[j]! - max - logSum) * targets - target);
      }
    }
  },
});

/** The target of class j for a sample of class `label`, times the weight of class j. */
function targetOf(
  label: number,
  j: number,
  classes: number,
  { smoothing, classWeights }: CrossEntropyAttrs,
): number {
  const target = smoothing / classes + (j === label ? 1 - smoothing : 0);
  return target * (classWeights?.[j] ?? 1);
}

/** The sum of the weights of a batch's samples; NaN if it is 0, so that their mean is NaN, as in PyTorch. */
function totalWeight(labels: Values, classes: number, { classWeights }: CrossEntropyAttrs): number {
  const samples = labels.data.length;
  if (!classWeights) return samples;
  let total = 0;
  for (let i = 0; i < samples; i++) total += classWeights[labelOf(labels, i, classes)]!;
  return total === 0 ? NaN : total;
}

function checkLabels(logits: TensorSpec, labels: TensorSpec): void {
  const [n] = dims2(logits, "softmaxCrossEntropy", "logits", "N K");
  if (!sameShape(labels.shape, [n])) {
    throw new ShapeError(
      "softmaxCrossEntropy",
      `logits has ${n} samples but labels has ${sizeOf(labels.shape)}`,
      {
        logits: { shape: logits.shape, axes: "N K" },
        labels: { shape: labels.shape, axes: "N" },
      },
    );
  }
}

function checkWeights(logits: TensorSpec, classWeights: readonly number[] | undefined): void {
  const [, k] = dims2(logits, "softmaxCrossEntropy", "logits", "N K");
  if (!classWeights) return;
  if (classWeights.length !== k) {
    throw new UsageError(
      "ERR_ATTRIBUTE",
      `softmaxCrossEntropy: there are ${k} classes but ${classWeights.length} class weights`,
    );
  }
  const wrong = classWeights.find((weight) => !(weight >= 0 && Number.isFinite(weight)));
  if (wrong !== undefined) {
    throw new UsageError(
      "ERR_ATTRIBUTE",
      `softmaxCrossEntropy: class weights must be numbers of 0 or more, but one is ${wrong}`,
    );
  }
}

function labelOf(labels: Values, sample: number, classes: number): number {
  const label = labels.data[sample]!;
  if (label >= 0 && label < classes) return label;
  throw new ResnetError(
    "ERR_INDEX",
    `softmaxCrossEntropy: sample ${sample} has label ${label}, expected 0 … ${classes - 1}`,
  );
}

/** Refuses labels that are not classes. @throws {ResnetError} `ERR_INDEX` */
export function checkLabelRange(labels: Int32Array, classes: number): void {
  const values = { shape: [labels.length], data: labels };
  for (let sample = 0; sample < labels.length; sample++) labelOf(values, sample, classes);
}

/** The first largest logit, or the first NaN. */
function predictionOf(row: Values["data"]): number {
  let best = 0;
  for (let j = 1; j < row.length && !Number.isNaN(row[best]); j++) {
    if (!(row[j]! <= row[best]!)) best = j;
  }
  return best;
}
