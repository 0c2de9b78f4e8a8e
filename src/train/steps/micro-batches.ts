/** A part of a step's batch that is computed at once. */
export interface MicroBatch {
  readonly rows: Int32Array;
  /** Its place in the step, from 0. */
  readonly place: number;
  /** Its share of the step's samples so far, itself included: what a running mean weighs it with. */
  readonly weight: number;
  /** Whether the step ends with it. */
  readonly isLast: boolean;
}

/** The rows of a step, `size` at a time; the last micro-batch is smaller where they do not divide evenly. */
export function microBatches(rows: Int32Array, size: number): MicroBatch[] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, place) => {
    const end = Math.min((place + 1) * size, rows.length);
    const part = rows.slice(place * size, end);
    return { rows: part, place, weight: part.length / end, isLast: end === rows.length };
  });
}
