import { earlierVisits, epochBatches, shuffleKey } from "../data/batches.js";
import { balancedRows } from "../data/labels.js";
import type { RunInputs } from "../executors/executor.js";
import { randomKey } from "../tensor/random.js";
import type { BatchSource } from "./sources/batch-source.js";
import type { TrainConfig } from "./config/config.js";

/** Samples that are computed at once: the batch of a step, or one of its micro-batches if gradients are accumulated. */
export interface Batch {
  readonly source: BatchSource;
  readonly rows: Int32Array;
  /** Position among the micro-batches of its step, from 0. */
  readonly position: number;
  /** Fraction of the step's samples: the weight of its gradients in the sum. */
  readonly weight: number;
  /** Whether the parameters are updated after it. */
  readonly endsStep: boolean;
  /** The inputs of the source's program for these rows. */
  readonly inputs: RunInputs;
}

type StepSize = Pick<TrainConfig, "batch" | "accumulate">;

/** Steps in one epoch. */
export const stepsPerEpoch = (rows: number, { batch, accumulate }: StepSize): number =>
  Math.ceil(rows / (batch * accumulate));

/** The fields of a configuration that determine the batches of an epoch. */
export type EpochSettings = Pick<TrainConfig, "seed" | "batch" | "accumulate" | "sampling">;

/**
 * The batches of an epoch, in order: sampled, shuffled and augmented as the configuration says. All draws are functions
 * of seed and epoch.
 *
 * @param epoch from 0
 * @param from the first step; the draws of the following ones do not depend on it
 */
export async function* batchesOfEpoch(
  source: BatchSource,
  config: EpochSettings,
  epoch: number,
  from = 0,
): AsyncGenerator<Batch, void> {
  const { seed, batch, accumulate } = config;
  const rows = visitedRows(source, config, epoch);
  const steps = epochBatches(rows, batch * accumulate, shuffleKey(seed, epoch));
  const parts = steps.slice(from).flatMap((step) => microBatches(step, batch));
  const visits = earlierVisits(steps, source.rows)
    .slice(from)
    .flatMap((step) => microBatches(step, batch));
  const key = randomKey(seed, "augment", epoch);
  const rowsOf = (all: readonly MicroBatch[]): Int32Array[] => all.map((each) => each.rows);
  let i = 0;
  for await (const inputs of source.batches(rowsOf(parts), key, rowsOf(visits)))
    yield { source, ...parts[i++]!, inputs };
}

type MicroBatch = Omit<Batch, "source" | "inputs">;

/** The rows of a step, `size` at a time; the last micro-batch is smaller if `size` does not divide the step. */
export function microBatches(step: Int32Array, size: number): MicroBatch[] {
  return Array.from({ length: Math.ceil(step.length / size) }, (_, position) => {
    const rows = step.slice(position * size, (position + 1) * size);
    const weight = rows.length / step.length;
    return { rows, position, weight, endsStep: (position + 1) * size >= step.length };
  });
}

function visitedRows(
  { rows, labels }: BatchSource,
  { sampling, seed }: EpochSettings,
  epoch: number,
): Int32Array {
  return sampling === "balanced"
    ? balancedRows(labels, seed, epoch)
    : Int32Array.from({ length: rows }, (_, row) => row);
}
