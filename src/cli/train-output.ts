import type { Dataset } from "../data/dataset.js";
import type { Executor } from "../executors/executor.js";
import { countParameters } from "../report/model-summary.js";
import type { EpochMetrics } from "../train/epoch-metrics.js";
import type { Evaluation } from "../train/evaluate.js";
import type { RunDirectory } from "../train/run-directory.js";
import { wrapFields } from "./progress-line.js";
import type { TrainJob } from "./train-job.js";

export function describeJob({ config, model, parts }: TrainJob, executor: Executor): string {
  const sizeOf = ({ labels }: Dataset): number => labels.data.length;
  return (
    `${config.model} (${countParameters(model).toLocaleString("en-US")} parameters) on ${config.data}: ` +
    `${sizeOf(parts.train)} training, ${sizeOf(parts.valid)} validation, ${sizeOf(parts.test)} test images; ` +
    `${executor.description}, ${config.precision}`
  );
}

export function formatEpoch(metrics: EpochMetrics, epochs: number, width: number): string {
  const { epoch, trainLoss, trainAccuracy, validLoss, validAccuracy, imagesPerSecond } = metrics;
  const fields = [
    `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`,
    `train loss ${trainLoss.toFixed(4)}, accuracy ${trainAccuracy.toFixed(4)}`,
    `validation loss ${validLoss.toFixed(4)}, accuracy ${validAccuracy.toFixed(4)}`,
    `${Math.round(imagesPerSecond)} images/s`,
  ];
  return wrapFields(fields, width);
}

export function documentOf(run: RunDirectory, { accuracy, loss }: Evaluation): object {
  const speeds = run.epochs.map(({ imagesPerSecond }) => imagesPerSecond).sort((a, b) => a - b);
  return {
    run: run.directory,
    epochs: run.epochs,
    imagesPerSecond: speeds[Math.floor(speeds.length / 2)],
    test: { accuracy, loss },
  };
}
