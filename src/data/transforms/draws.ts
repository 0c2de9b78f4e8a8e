import { UsageError } from "../../tensor/error.js";
import { threefry, uniform, type RandomKey } from "../../tensor/random.js";

// A counter word that `uniform` and `normal` never use, nor those above it, so that a folded key is no number of the stream.
const foldWord = 2;

/** A key out of a key and an index: of a transform out of its sample's. */
export const foldIn = (key: RandomKey, index: number): RandomKey => threefry(key, index, foldWord);

/**
 * The key of a sample, out of its epoch's.
 *
 * @param visit how often the epoch has visited the row before: a repeated image is augmented anew
 */
export const sampleKey = (key: RandomKey, row: number, visit = 0): RandomKey =>
  threefry(key, row, foldWord + visit);

/** The random numbers of one transform on one sample, in the order in which it asks for them. */
export class Draws {
  #count = 0;

  /** @param key null where nothing may be drawn */
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
