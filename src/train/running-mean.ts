/** The weighted mean of numbers that come one by one: of batches' losses, weighted by their samples. */
export class RunningMean {
  #sum = 0;
  #weight = 0;

  add(value: number, weight = 1): void {
    this.#sum += value * weight;
    this.#weight += weight;
  }

  /** Of all numbers so far; NaN before the first. */
  get mean(): number {
    return this.#sum / this.#weight;
  }

  /** Of all weights so far. */
  get weight(): number {
    return this.#weight;
  }
}
