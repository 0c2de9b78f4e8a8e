import { randomKey, type RandomKey } from "../../tensor/random.js";
import { foldIn } from "./draws.js";

/** The stream of one epoch's augmentation; the key of a row is `foldIn(augmentKey(seed, epoch), row)`. */
export const augmentKey = (seed: number, epoch: number): RandomKey =>
  randomKey(seed, "augment", epoch);

/** The stream of one row in one epoch: a function of nothing else, whoever asks and in whatever order. */
export const sampleKey = (seed: number, epoch: number, row: number): RandomKey =>
  foldIn(augmentKey(seed, epoch), row);
