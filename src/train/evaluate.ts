import { epochBatches } from "../data/batches.js";
import type { Executor, LoadedProgram } from "../executors/executor.js";
import type { Module } from "../nn/module.js";
import { plan } from "../planner/plan.js";
import { ResnetError } from "../tensor/error.js";
import type { BatchSource, OpenView } from "./sources/batch-source.js";
import type { StateName } from "./weights/model-state.js";
import type { Precision } from "./config/precision.js";
import { emptyScores, scoreSamples, topAccuracy, type SampleScores } from "./sample-scores.js";
import { RunningMean } from "./running-mean.js";
import { SummedProbabilities } from "./summed-probabilities.js";
import { traceEvaluation } from "./steps/train-step.js";

/** Programs that differ only in batch size, loaded when a size first comes up. */
export type ProgramsBySize = (batchSize: number) => Promise<LoadedProgram>;

export function programsBySize(
  executor: Executor,
  build: (batchSize: number) => LoadedProgram["program"],
): ProgramsBySize {
  const loaded = new Map<number, Promise<LoadedProgram>>();
  return async (n) => {
    const known = loaded.get(n);
    if (known) return known;
    const program = executor.load(build(n));
    loaded.set(n, program);
    program.catch(() => loaded.delete(n));
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
export async function createEvaluator(
  executor: Executor,
  model: Module,
  source: BatchSource,
  batchSize: number,
  precision: Precision = "fp32",
  stateName?: StateName,
): Promise<() => Promise<Evaluation>> {
  const programs = await evaluationPrograms(
    executor,
    model,
    source,
    batchSize,
    precision,
    stateName,
  );
  return async () => {
    const scores = emptyScores(source.rows);
    const mean = new RunningMean();
    for await (const { first, samples, logits, loss } of evaluated(programs, source, batchSize)) {
      mean.add(loss, samples);
      scoreSamples(scores, first, logits, samples, source.labels);
    }
    return { loss: mean.mean, accuracy: topAccuracy(scores.ranks, 1), ...scores };
  };
}

/**
 * Evaluates a model on several views of the same images: scores are of the mean of the probabilities that each view gets.
 *
 * Source: Krizhevsky et al. 2012, §4.1.
 *
 * @param views each opens a source of the same rows, which reads the same states in the same shape, and is opened when the
 *   one before is done with
 * @param stateName the executor's name for a parameter or statistic of the model. Default: its own
 */
export async function evaluateViews(
  executor: Executor,
  model: Module,
  views: readonly OpenView[],
  batchSize: number,
  precision: Precision = "fp32",
  stateName?: StateName,
): Promise<Evaluation> {
  const [openFirst, ...others] = views;
  if (!openFirst)
    throw new ResnetError("ERR_DATA_ROWS", "there is no view to evaluate on: give one at least");
  const first = await openFirst();
  if (others.length === 0)
    return (await createEvaluator(executor, model, first, batchSize, precision, stateName))();
  const programs = await evaluationPrograms(
    executor,
    model,
    first,
    batchSize,
    precision,
    stateName,
  );
  const sums = new SummedProbabilities(first.rows);
  for (const open of [() => first, ...others]) {
    const source = await open();
    if (source.rows !== first.rows) {
      const counts = `${first.rows} images and another ${source.rows}`;
      throw new ResnetError("ERR_DATA_ROWS", `one view has ${counts}: views show the same images`);
    }
    for await (const batch of evaluated(programs, source, batchSize))
      sums.add(batch.first, batch.logits, batch.samples);
  }
  const scores = emptyScores(first.rows);
  scoreSamples(scores, 0, sums.logarithms, first.rows, first.labels);
  const mean = new RunningMean();
  for (const loss of scores.losses) mean.add(loss);
  return { loss: mean.mean, accuracy: topAccuracy(scores.ranks, 1), ...scores };
}

/** The programs of an evaluation, planned for each size that its batches have. */
async function evaluationPrograms(
  executor: Executor,
  model: Module,
  source: BatchSource,
  batchSize: number,
  precision: Precision,
  stateName?: StateName,
): Promise<ProgramsBySize> {
  const programs = programsBySize(executor, (n) =>
    plan("evaluate", traceEvaluation(model, source, n, precision, stateName), executor.traits),
  );
  if (source.rows === 0) throw new ResnetError("ERR_DATA_ROWS", "there is no image to evaluate on");
  for (const { length } of allRows(source, batchSize)) await programs(length);
  return programs;
}

/** What the model gives of each batch, in order of rows. */
async function* evaluated(
  programs: ProgramsBySize,
  source: BatchSource,
  batchSize: number,
): AsyncGenerator<EvaluatedBatch, void> {
  const batches = allRows(source, batchSize);
  let first = 0;
  let i = 0;
  for await (const inputs of source.batches(batches, null)) {
    const samples = batches[i++]!.length;
    const { logits, loss } = await (await programs(samples)).run(inputs);
    yield { first, samples, logits: logits!.data, loss: loss!.data[0]! };
    first += samples;
  }
}

interface EvaluatedBatch {
  /** Row of the first sample. */
  readonly first: number;
  readonly samples: number;
  /** `[samples, classes]` */
  readonly logits: ArrayLike<number>;
  /** The batch's mean cross-entropy. */
  readonly loss: number;
}

const allRows = ({ rows }: BatchSource, batchSize: number): readonly Int32Array[] =>
  epochBatches(
    Int32Array.from({ length: rows }, (_, row) => row),
    batchSize,
    null,
  );
