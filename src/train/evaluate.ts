import { epochBatches } from "../data/batches.js";
import type { Dataset } from "../data/dataset.js";
import type { Executor, LoadedProgram } from "../executors/executor.js";
import type { Module } from "../nn/module.js";
import type { IngestAttrs } from "../ops/ingest.js";
import { plan } from "../planner/plan.js";
import { hostArray } from "../tensor/host-array.js";
import {
  imagesState,
  labelsState,
  traceEvaluation,
  type DataSource,
  type Precision,
} from "./train-step.js";

/** Uploads a data set once; programs then read it by row. */
export function uploadDataset(
  executor: Executor,
  name: string,
  data: Dataset,
  normalise: IngestAttrs,
): DataSource {
  const [rows = 0, height = 0, width = 0, channels = 0] = data.images.shape;
  executor.write(imagesState(name), data.images);
  executor.write(labelsState(name), data.labels);
  return { name, rows, imageShape: [height, width, channels], normalise };
}

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

export interface Evaluation {
  /** Mean cross-entropy in nats. */
  readonly loss: number;
  /** Share of samples whose first largest logit is at the label, 0 … 1. */
  readonly accuracy: number;
  /** Predicted class of every sample, in order of rows. */
  readonly predictions: Int32Array;
}

/**
 * Prepares the evaluation of a model on an uploaded data set; the returned function evaluates the executor's
 * present parameters.
 *
 * @param labels of every row, to count who is right
 */
export function createEvaluator(
  executor: Executor,
  model: Module,
  source: DataSource,
  labels: Int32Array,
  batchSize: number,
  precision: Precision = "fp32",
): () => Promise<Evaluation> {
  const programs = programsBySize(executor, (n) =>
    plan("evaluate", traceEvaluation(model, source, n, precision)),
  );
  const rows = Int32Array.from({ length: source.rows }, (_, i) => i);
  return async () => {
    const predictions = new Int32Array(source.rows);
    let lossSum = 0;
    for (const indices of epochBatches(rows, batchSize, null)) {
      const n = indices.length;
      const { logits, loss } = await programs(n).run({ indices: hostArray([n], indices, "i32") });
      lossSum += loss!.data[0]! * n;
      predictions.set(argmaxRows(logits!.data, n), indices[0]);
    }
    const correct = predictions.reduce(
      (sum, prediction, i) => sum + Number(prediction === labels[i]),
      0,
    );
    return { loss: lossSum / source.rows, accuracy: correct / source.rows, predictions };
  };
}

/** Index of the first largest value in each of `rows` rows. */
export function argmaxRows(values: ArrayLike<number>, rows: number): Int32Array {
  const columns = values.length / rows;
  return Int32Array.from({ length: rows }, (_, row) => {
    let best = 0;
    for (let j = 1; j < columns; j++)
      if (values[row * columns + j]! > values[row * columns + best]!) best = j;
    return best;
  });
}
