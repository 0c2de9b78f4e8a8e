import { earlierVisits, epochBatches, shuffleKey } from "../../data/batches.js";
import { balancedRows } from "../../data/class-balance.js";
import type { RunInputs } from "../../executors/executor.js";
import { randomKey } from "../../tensor/random.js";
import type { BatchSource } from "../sources/batch-source.js";
import type { TrainConfig } from "../config/config.js";
import { microBatches, type MicroBatch } from "./micro-batches.js";

/** A micro-batch, and what a program needs to run it. */
export interface StepInputs {
  readonly batch: MicroBatch;
  readonly inputs: RunInputs;
}

/** Steps in one epoch. */
export const stepsPerEpoch = (rows: number, { batch, accumulate }: TrainConfig): number =>
  Math.ceil(rows / (batch * accumulate));

/**
 * The micro-batches of the steps of an epoch, in order: sampled, shuffled and augmented as the configuration says, by
 * draws that belong to seed and epoch.
 *
 * @param epoch from 0
 * @param from the first step that is wanted; the draws are the same
 */
export async function* epochSteps(
  source: BatchSource,
  config: TrainConfig,
  epoch: number,
  from = 0,
): AsyncGenerator<StepInputs, void> {
  const { seed, batch, accumulate } = config;
  const order = epochBatches(
    visitedRows(source, config, epoch),
    batch * accumulate,
    shuffleKey(seed, epoch),
  );
  const parts = (steps: readonly Int32Array[]): MicroBatch[] =>
    steps.slice(from).flatMap((rows) => microBatches(rows, batch));
  const rowsIn = (all: readonly MicroBatch[]): Int32Array[] => all.map(({ rows }) => rows);
  const batches = parts(order);
  const visits = rowsIn(parts(earlierVisits(order, source.rows)));
  const key = randomKey(seed, "augment", epoch);
  let i = 0;
  for await (const inputs of source.batches(rowsIn(batches), key, visits))
    yield { batch: batches[i++]!, inputs };
}

function visitedRows(
  { rows, labels }: BatchSource,
  { sampling, seed }: TrainConfig,
  epoch: number,
): Int32Array {
  return sampling === "balanced"
    ? balancedRows(labels, seed, epoch)
    : Int32Array.from({ length: rows }, (_, row) => row);
}
