/** What a model makes of each sample of a data set, in order of rows. */
export interface SampleScores {
  /** Class with the first largest logit. */
  readonly predictions: Int32Array;
  /** Probability of that class, 0 … 1. */
  readonly confidences: Float32Array;
  /** Cross-entropy in nats: −log of the true class's probability. */
  readonly losses: Float32Array;
  /** How many classes come before the true one: 0 is a hit, below 5 a hit of the top five. Last if not a number. */
  readonly ranks: Int32Array;
}

export const emptyScores = (rows: number): SampleScores => ({
  predictions: new Int32Array(rows),
  confidences: new Float32Array(rows),
  losses: new Float32Array(rows),
  ranks: new Int32Array(rows),
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
    let sum = 0;
    for (let j = 0; j < classes; j++) sum += Math.exp(logit(j) - logit(best));
    scores.predictions[row] = best;
    scores.confidences[row] = 1 / sum;
    scores.losses[row] = Math.log(sum) + logit(best) - logit(label);
    scores.ranks[row] = rank;
  }
}

/** Share of the samples whose true class is among the `k` with the largest logits, 0 … 1. */
export const topAccuracy = (ranks: Int32Array, k: number): number =>
  ranks.reduce((hits, rank) => hits + Number(rank < k), 0) / ranks.length;
