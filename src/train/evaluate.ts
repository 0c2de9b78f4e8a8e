import { epochBatches } from "../data/batches.js";
import type { Executor, LoadedProgram } from "../executors/executor.js";
import type { Module } from "../nn/module.js";
import { plan } from "../planner/plan.js";
import { ResnetError } from "../tensor/error.js";
import type { BatchSource } from "./sources/batch-source.js";
import type { StateName } from "./weights/model-state.js";
import type { Precision } from "./config/precision.js";
import { emptyScores, scoreSamples, topAccuracy, type SampleScores } from "./sample-scores.js";
import { RunningMean } from "./running-mean.js";
import { traceEvaluation } from "./steps/train-step.js";

/** Programs that differ only in batch size, made when a size first comes up. */
export function programsBySize(
  executor: Executor,
  build: (batchSize: number) => LoadedProgram["program"],
): (n: number) => LoadedProgram {
  const loaded = new Map<number, LoadedProgram>();
  return (n) => {
    const known = loaded.get(n);
    if (known) return known;
    const program = executor.load(build(n));
    loaded.set(n, program);
    return program;
  };
}

export interface Evaluation extends SampleScores {
  /** Mean cross-entropy in nats. */
  readonly loss: number;
  /** Share of samples whose first largest logit is at the label, 0 … 1. */
  readonly accuracy: number;
}

/**
 * Prepares the evaluation of a model on every row of a source; the returned function evaluates the executor's present
 * parameters. What does not fit is refused before: a source without images, or with images that the model does not take.
 *
 * @param stateName the executor's name for a parameter or statistic of the model. Default: its own
 */
export function createEvaluator(
  executor: Executor,
  model: Module,
  source: BatchSource,
  batchSize: number,
  precision: Precision = "fp32",
  stateName?: StateName,
): () => Promise<Evaluation> {
  const programs = programsBySize(executor, (n) =>
    plan("evaluate", traceEvaluation(model, source, n, precision, stateName)),
  );
  if (source.rows === 0) throw new ResnetError("ERR_DATA_ROWS", "there is no image to evaluate on");
  const rows = Int32Array.from({ length: source.rows }, (_, i) => i);
  const sizes = epochBatches(rows, batchSize, null).map((batch) => batch.length);
  for (const size of new Set(sizes)) programs(size);
  return async () => {
    const scores = emptyScores(source.rows);
    const mean = new RunningMean();
    let done = 0;
    const batches = epochBatches(rows, batchSize, null);
    for await (const inputs of source.batches(batches, null)) {
      const n = Math.min(batchSize, source.rows - done);
      const { logits, loss } = await programs(n).run(inputs);
      mean.add(loss!.data[0]!, n);
      scoreSamples(scores, done, logits!.data, n, source.labels);
      done += n;
    }
    return { loss: mean.mean, accuracy: topAccuracy(scores.ranks, 1), ...scores };
  };
}
