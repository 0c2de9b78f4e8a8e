import { defineOp, type Values } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { ResnetError } from "../tensor/error.js";
import { dims2, sameShape, ShapeError, sizeOf, type TensorSpec } from "../tensor/shape.js";

export type CrossEntropyAttrs = {
  /** ε in `[0, 1)`: the target is `1 − ε` on the true class plus `ε / K` on every class. */
  readonly smoothing: number;
};

/**
 * Mean cross-entropy of a batch, in nats, and how many samples are right.
 *
 *     logits    [N, K]    unnormalised scores
 *     labels    i32 [N]   classes in 0 … K−1
 *     loss      []        mean over N of −Σ target · log softmax(logits)
 *     correct   []        samples whose first largest logit is at the label
 *
 * PyTorch's `cross_entropy(logits, labels, label_smoothing=ε)`; smoothing: Szegedy et al. 2016, arXiv:1512.00567, §7.
 */
export const softmaxCrossEntropyOp = defineOp<
  "logits" | "labels",
  "loss" | "correct?",
  CrossEntropyAttrs
>({
  name: "softmaxCrossEntropy",
  inputs: ["logits", "labels"],
  outputs: ["loss", "correct?"],

  shape({ logits, labels }, { smoothing }) {
    checkLabels(logits, labels);
    if (!(smoothing >= 0 && smoothing < 1)) {
      throw new ResnetError(
        "ERR_ATTRIBUTE",
        `softmaxCrossEntropy: smoothing must be in [0, 1), but it is ${smoothing}`,
      );
    }
    return { loss: { shape: [], dtype: "f32" }, correct: { shape: [], dtype: "f32" } };
  },

  gradient: ({ logits, labels, dloss, attrs }) => ({
    logits: softmaxCrossEntropyGradOp.trace({ logits, labels, dloss }, attrs).dlogits,
  }),

  flops: ({ logits }) => 5 * sizeOf(logits.shape),

  reference({ logits, labels }, { loss, correct }, { smoothing }) {
    const [n, k] = dims2(logits);
    let total = 0;
    let right = 0;
    for (let i = 0; i < n; i++) {
      const row = logits.data.subarray(i * k, (i + 1) * k);
      const label = labelOf(labels, i, k);
      const { max, logSum } = logSumExp(row);
      let mean = 0;
      for (let j = 0; j < k; j++) mean += row[j]! / k;
      total += logSum - (1 - smoothing) * row[label]! - smoothing * mean;
      if (row.indexOf(max) === label) right++;
    }
    loss.data[0] = total / n;
    if (correct) correct.data[0] = right;
  },
});

/** Traces the mean cross-entropy of `logits [N, K]`; see `softmaxCrossEntropyOp`. */
export const softmaxCrossEntropy = (
  logits: Tensor,
  labels: Tensor,
  { smoothing }: CrossEntropyAttrs = { smoothing: 0 },
): { readonly loss: Tensor; readonly correct: Tensor } =>
  softmaxCrossEntropyOp.trace({ logits, labels }, { smoothing });

/** Gradient of `softmaxCrossEntropy`: `dlogits = dloss · (softmax(logits) − target) / N`. */
export const softmaxCrossEntropyGradOp = defineOp<
  "logits" | "labels" | "dloss",
  "dlogits",
  CrossEntropyAttrs
>({
  name: "softmaxCrossEntropyGrad",
  inputs: ["logits", "labels", "dloss"],
  outputs: ["dlogits"],
  gradient: null,
  shape({ logits, labels }) {
    checkLabels(logits, labels);
    return { dlogits: logits };
  },
  flops: ({ logits }) => 5 * sizeOf(logits.shape),
  reference({ logits, labels, dloss }, { dlogits }, { smoothing }) {
    const [n, k] = dims2(logits);
    for (let i = 0; i < n; i++) {
      const row = logits.data.subarray(i * k, (i + 1) * k);
      const label = labelOf(labels, i, k);
      const { logSum } = logSumExp(row);
      for (let j = 0; j < k; j++) {
        const target = smoothing / k + (j === label ? 1 - smoothing : 0);
        dlogits.data[i * k + j] = (dloss.data[0]! * (Math.exp(row[j]! - logSum) - target)) / n;
      }
    }
  },
});

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

function labelOf(labels: Values, sample: number, classes: number): number {
  const label = labels.data[sample]!;
  if (label >= 0 && label < classes) return label;
  throw new ResnetError(
    "ERR_INDEX",
    `softmaxCrossEntropy: sample ${sample} has label ${label}, expected 0 … ${classes - 1}`,
  );
}

function logSumExp(row: Values["data"]): { readonly max: number; readonly logSum: number } {
  let max = -Infinity;
  for (const value of row) if (value > max) max = value;
  let sum = 0;
  for (const value of row) sum += Math.exp(value - max);
  return { max, logSum: max + Math.log(sum) };
}
