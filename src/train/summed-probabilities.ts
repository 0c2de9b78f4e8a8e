/** The probabilities that several views of the same samples get, summed: in logarithms, where none is too small to tell. */
export class SummedProbabilities {
  #logarithms = new Float64Array(0);

  /** @param rows samples that each view has */
  constructor(private readonly rows: number) {}

  /**
   * Adds one view's of consecutive rows.
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
      let total = -Infinity;
      for (let j = 0; j < classes; j++) total = logAdd(total, logits[i * classes + j]!);
      for (let j = 0; j < classes; j++) {
        const known = this.#logarithms[start + j]!;
        this.#logarithms[start + j] = logAdd(known, logits[i * classes + j]! - total);
      }
    }
  }

  /** `[rows, classes]`, to be taken for logits: their softmax is the mean of the views' probabilities. */
  get logarithms(): Float64Array {
    return this.#logarithms;
  }
}

/** log(exp(a) + exp(b)) */
const logAdd = (a: number, b: number): number =>
  a === -Infinity ? b : Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
