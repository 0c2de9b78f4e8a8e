import { countLabels } from "../../../data/labels.js";
import { type LabelledImages, labelsOf } from "../../../data/image-files.js";
import { countParameters } from "../../../report/model-summary.js";
import type { TestReport } from "../../../report/test-report.js";
import { printableList } from "../../../tensor/printable.js";
import { validationName, type TrainConfig } from "../../../train/config/config.js";
import { nameOf } from "../../../checkpoint/model-variant.js";
import type { EpochMetrics } from "../../../train/metrics.js";
import { isOver, type TrainProgress } from "../../../train/progress.js";
import { epochsIn } from "../../../train/schedules/span.js";
import type { Training } from "../../../train/training.js";
import type { DataParts } from "../../data/load-parts.js";
import { summariseClassCounts } from "../class-counts.js";
import { wrapFields } from "../progress.js";

/** The model, the data, and how many images of each class there are. */
export function describeTraining(
  { config, session }: Training,
  { train, valid, test }: DataParts,
): string {
  const sizeOf = (images: LabelledImages): number => labelsOf(images).length;
  const name = validationName(config);
  const tests =
    test === valid
      ? `which also ${name === "test" ? "validate" : "test"}`
      : `${sizeOf(test)} test images`;
  const counted = [
    { title: "training", images: train },
    { title: name, images: valid },
    ...(test === valid ? [] : [{ title: "test", images: test }]),
  ];
  const parameters = countParameters(session.model).toLocaleString("en-US");
  return (
    `${nameOf(config)} (${parameters} parameters) on ${config.data}: ` +
    `${sizeOf(train)} training images, ${sizeOf(valid)} ${name} images, ${tests}; ` +
    `${session.executor.description}, ${config.precision}\n${summariseClassCounts(counted)}`
  );
}

/** Names the classes that the training cannot learn; null if there are none. */
export function emptyClassesNotice(train: LabelledImages): string | null {
  const { classes } = train;
  const counts = countLabels(labelsOf(train), classes.length);
  const empty = classes.filter((_, label) => counts[label] === 0);
  if (empty.length === 0) return null;
  const verb = empty.length === 1 ? "has" : "have";
  return `${empty.length} of ${classes.length} classes ${verb} no training images, and will not be learnt: ${printableList(empty)}`;
}

export const formatNormalization = ({ normalize: { mean, std } }: TrainConfig): string =>
  `normalized by mean ${mean.join(", ")} and deviation ${std.join(", ")}`;

/** A sentence for people who give a warm-up as long as the training; null for all others. */
export function scheduleNotice({ schedule, epochs }: TrainConfig): string | null {
  const warmup = epochsIn(schedule.warmup, epochs);
  return warmup === 0 || warmup < epochs
    ? null
    : `the learning rate warms up over ${warmup} epochs, and the training has ${epochs}: ` +
        "it grows to the end; --schedule gives it another course";
}

export const describeResume = ({ epoch, step }: TrainProgress, { epochs }: TrainConfig): string =>
  step > 0
    ? `going on in epoch ${epoch + 1} of ${epochs}, after its step ${step}`
    : `going on after ${epoch} of ${epochs} epochs`;

/** Why a training has ended before its last epoch; null where it has not. */
export function describeEarlyStop(progress: TrainProgress, config: TrainConfig): string | null {
  const { earlyStopping, epochs } = config;
  if (!earlyStopping || progress.epoch >= epochs || !isOver(progress, config)) return null;
  const { best, badEpochs } = progress.stopping;
  const { metric } = earlyStopping;
  const value = Math.abs(best ?? NaN).toFixed(4);
  const looks = metric === "trainLoss" ? "epochs" : "validations";
  return (
    `stopped early, after ${progress.epoch} of ${epochs} epochs: ${metric} has not been better than ${value} ` +
    `in ${badEpochs} ${looks} (earlyStopping)`
  );
}

/** A loss to four places; one that went off, in powers of ten. */
export const formatLoss = (loss: number): string =>
  Math.abs(loss) < 1e5 ? loss.toFixed(4) : loss.toExponential(2);

/** Images per second, and the share of the time in which steps waited for images, from one percent on. */
export const formatSpeed = (imagesPerSecond: number, waiting = 0): string =>
  `${Math.round(imagesPerSecond)} images/s${waiting >= 0.01 ? `, ${Math.round(100 * waiting)} % waiting` : ""}`;

export function formatEpoch(metrics: EpochMetrics, config: TrainConfig, width: number): string {
  const { epoch, trainLoss, trainAccuracy, validLoss, validAccuracy, imagesPerSecond } = metrics;
  const fields = [
    `epoch ${String(epoch).padStart(String(config.epochs).length)}/${config.epochs}`,
    `train loss ${formatLoss(trainLoss)}, accuracy ${trainAccuracy.toFixed(4)}`,
    ...(Number.isNaN(validLoss)
      ? []
      : [
          `${validationName(config)} loss ${formatLoss(validLoss)}, accuracy ${validAccuracy.toFixed(4)}`,
        ]),
    formatSpeed(imagesPerSecond, metrics.waiting),
  ];
  return wrapFields(fields, width);
}

/** The document of `--json`. */
export function trainDocument(
  run: string,
  epochs: readonly EpochMetrics[],
  { accuracy, top5Accuracy, loss, views }: TestReport,
): object {
  const speeds = epochs.map(({ imagesPerSecond }) => imagesPerSecond).sort((a, b) => a - b);
  return {
    run,
    epochs,
    imagesPerSecond: speeds[Math.floor(speeds.length / 2)],
    test: { accuracy, ...(top5Accuracy !== undefined && { top5Accuracy }), loss, views },
  };
}
