import { logSumExp } from "../tensor/log-sum-exp.js";

/** The scores of each sample of a data set, in order of rows. */
export interface SampleScores {
  /** Class with the first largest logit. */
  readonly predictions: Int32Array;
  /** Probability of that class, 0 … 1. */
  readonly confidences: Float32Array;
  /** Cross-entropy in nats: −log of the true class's probability. */
  readonly losses: Float32Array;
  /** How many classes come before the true one: 0 is a hit, below 5 a hit of the top five. The last rank if logits are NaN. */
  readonly ranks: Int32Array;
  /** `[samples, classes]`, flat: the probability of every class, 0 … 1. Only if it was asked for. */
  readonly probabilities?: Float32Array;
}

/** @param classes to keep the probabilities of them all; without, none are kept */
export const emptyScores = (rows: number, classes?: number): SampleScores => ({
  predictions: new Int32Array(rows),
  confidences: new Float32Array(rows),
  losses: new Float32Array(rows),
  ranks: new Int32Array(rows),
  ...(classes !== undefined && { probabilities: new Float32Array(rows * classes) }),
});

/**
 * Fills in the scores of consecutive rows.
 *
 * @param first the row of the first sample
 * @param logits `[samples, classes]`, flat
 * @param labels true classes of all rows, in order of rows
 */
export function scoreSamples(
  scores: SampleScores,
  first: number,
  logits: ArrayLike<number>,
  samples: number,
  labels: Int32Array,
): void {
  const classes = logits.length / samples;
  for (let i = 0; i < samples; i++) {
    const logit = (j: number): number => logits[i * classes + j]!;
    const [row, label] = [first + i, labels[first + i]!];
    let [best, rank] = [0, 0];
    for (let j = 0; j < classes; j++) {
      if (logit(j) > logit(best)) best = j;
      const isAfter = logit(j) < logit(label) || (logit(j) === logit(label) && j > label);
      if (j !== label && !isAfter) rank++;
    }
    const { max, logSum } = logSumExp(logits, i * classes, classes);
    scores.predictions[row] = best;
    scores.confidences[row] = Math.exp(-logSum);
    scores.losses[row] = max - logit(label) + logSum;
    scores.ranks[row] = rank;
    if (!scores.probabilities) continue;
    for (let j = 0; j < classes; j++)
      scores.probabilities[row * classes + j] = Math.exp(logit(j) - max - logSum);
  }
}

/** Sums the probabilities that several views of the same samples get. It works on logarithms, so that none underflows. */
export class SummedProbabilities {
  #logarithms = new Float64Array(0);

  /** @param rows samples that each view has */
  constructor(private readonly rows: number) {}

  /**
   * Adds the probabilities of one view for consecutive rows.
   *
   * @param first the row of the first sample
   * @param logits `[samples, classes]`, flat
   */
  add(first: number, logits: ArrayLike<number>, samples: number): void {
    const classes = logits.length / samples;
    if (this.#logarithms.length === 0)
      this.#logarithms = new Float64Array(this.rows * classes).fill(-Infinity);
    for (let i = 0; i < samples; i++) {
      const start = (first + i) * classes;
      const { max, logSum } = logSumExp(logits, i * classes, classes);
      for (let j = 0; j < classes; j++) {
        const known = this.#logarithms[start + j]!;
        this.#logarithms[start + j] = logAdd(known, logits[i * classes + j]! - max - logSum);
      }
    }
  }

  /** `[rows, classes]`, to be used as logits: their softmax is the mean of the probabilities of the views. */
  get logarithms(): Float64Array {
    return this.#logarithms;
  }
}

/** log(exp(a) + exp(b)) */
const logAdd = (a: number, b: number): number =>
  a === -Infinity ? b : Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
