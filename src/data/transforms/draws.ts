import { UsageError } from "../../tensor/error.js";
import { threefry, uniform, type RandomKey } from "../../tensor/random.js";

// `uniform` and `normal` use smaller counter words only, so that a folded key never equals a number of the stream.
const foldWord = 2;

/** Derives a key from a key and an index: a transform's key from its sample's. */
export const foldIn = (key: RandomKey, index: number): RandomKey => threefry(key, index, foldWord);

/**
 * Derives a sample's key from its epoch's.
 *
 * @param visit how often the epoch has used the row before, so that a repeated image is augmented anew
 */
export const sampleKey = (key: RandomKey, row: number, visit = 0): RandomKey =>
  threefry(key, row, foldWord + visit);

/** The random numbers of one transform on one sample, in order of the calls. */
export class Draws {
  #count = 0;

  /** @param key null makes every draw an error */
  constructor(private readonly key: RandomKey | null) {}

  /** Uniform in `[low, high)`. */
  uniform(low = 0, high = 1): number {
    if (!this.key)
      throw new UsageError("ERR_DATA_TRANSFORM", "a random transform needs the sample's key");
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
