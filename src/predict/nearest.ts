import type { Features } from "./features.js";

/** A picture, and how alike it is. */
export interface Neighbour {
  readonly image: string;
  /** Cosine of the angle between the two embeddings, −1 … 1; 1 is the same direction. */
  readonly similarity: number;
}

/**
 * The pictures whose features point most nearly in the direction of `query`'s, most alike first; of equals, the first.
 *
 * @param count how many at most
 */
export function nearest(
  query: Features["values"],
  candidates: readonly Features[],
  count: number,
): Neighbour[] {
  return candidates
    .map(({ image, values }) => ({ image, similarity: cosine(query.data, values.data) }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, count);
}

/** 0 where a vector has no direction. */
function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
  }
  return aa * bb === 0 ? 0 : dot / Math.sqrt(aa * bb);
}
