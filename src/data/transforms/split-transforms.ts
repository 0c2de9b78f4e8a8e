import { isRandom, rulesOf, type TransformList } from "./transform.js";

/** Where each part of a list of transforms happens; the parts in this order are the list. */
export interface TransformParts {
  /** Draw nothing: done once, when the data set is loaded. */
  readonly once: TransformList;
  /** Done anew for each sample, on the host, while batches are prepared. */
  readonly perSample: TransformList;
  /** Only move and cover pixels: done by the first kernel of a step, as it gathers a batch (`placeBatch`). */
  readonly inKernel: TransformList;
}

/** Divides a list of transforms by where they happen on a data set that lies in the executor. */
export function splitTransforms(list: TransformList): TransformParts {
  const firstRandom = list.findIndex(isRandom);
  const start = firstRandom < 0 ? list.length : firstRandom;
  let kernel = list.length;
  const taken = new Set<string>();
  while (kernel > start) {
    const kind = rulesOf(list[kernel - 1]!).placing?.kind;
    // One pass knows one border and one covered rectangle, which nothing may move afterwards.
    if (!kind || (kind !== "flip" && taken.has(kind)) || (kind === "erase" && taken.size > 0))
      break;
    taken.add(kind);
    kernel--;
  }
  return {
    once: list.slice(0, start),
    perSample: list.slice(start, kernel),
    inKernel: list.slice(kernel),
  };
}
