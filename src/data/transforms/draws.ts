import { threefry, uniform, type RandomKey } from "../../tensor/random.js";

// Counter words that `uniform` and `normal` never use, so that a folded key is no number of the stream.
const foldWord = 2;

/** The key of one row's augmentation, out of the key of (seed, epoch); or of one transform, out of the row's. */
export const foldIn = (key: RandomKey, index: number): RandomKey => threefry(key, index, foldWord);

/** The random numbers of one transform on one sample, in the order in which it asks for them. */
export class Draws {
  #count = 0;

  constructor(private readonly key: RandomKey) {}

  /** Uniform in `[low, high)`. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * uniform(this.key, this.#count++);
  }

  /** A whole number in `0 … below − 1`. */
  integer(below: number): number {
    return Math.floor(this.uniform() * below);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }
}
