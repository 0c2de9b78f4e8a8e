import { isRandom, type TransformList } from "./transform.js";

/** Where each part of a list of transforms happens; the parts in this order are the list. */
export interface TransformParts {
  /** Draws nothing: done once, when the data set is loaded. */
  readonly once: TransformList;
  /** Random: done anew for each sample, by the workers that prepare batches. */
  readonly perSample: TransformList;
}

/** Divides a list of transforms by where they happen. */
export function splitTransforms(list: TransformList): TransformParts {
  const firstRandom = list.findIndex(isRandom);
  const end = firstRandom < 0 ? list.length : firstRandom;
  return { once: list.slice(0, end), perSample: list.slice(end) };
}
