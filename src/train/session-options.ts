import type { HostArray } from "../tensor/host-array.js";
import { checkNumber, checkOptionValues, count, size } from "../tensor/check-options.js";
import type { ArrayBatch } from "./array-batch.js";
import type { TrainConfig } from "./config/config.js";
import type { Precision } from "../program/precision.js";
import type { Batch } from "./epoch-batches.js";
import type { Loss, Targets } from "./loss.js";
import type { Metric, MetricBatch } from "./metrics.js";
import type { Optimizer } from "./optimizers.js";
import type { FileOpener } from "./sources/image-sources.js";

/** How a session trains its model. */
export interface SessionOptions extends Partial<
  Pick<TrainConfig, "mixup" | "cutmix" | "weightDecayOn">
> {
  readonly optimizer: Optimizer;
  /** Default: `crossEntropy()`. */
  readonly loss?: Loss<Targets>;
  /** The loss that evaluations report. Default: `loss`. */
  readonly evaluationLoss?: Loss<Targets>;
  /** Parts of the model that keep their values, in evaluation mode, such as `layer1` or `backbone`. Default: none. */
  readonly freeze?: readonly string[];
  /** Parts of the model, and what the learning rate is multiplied by there, such as `{ head: 10 }`. Default: none. */
  readonly lrScales?: Readonly<Record<string, number>>;
  /** The type in which activations are stored and multiplied. Default: fp32. */
  readonly precision?: Precision;
  /** The norm that all gradients together are scaled down to, as PyTorch's `clip_grad_norm_`. Default: none. */
  readonly clipNorm?: number | null;
  /** Share of the old average of weights that each step keeps. Averages are evaluated and saved. Default: none are kept. */
  readonly emaDecay?: number | null;
  /** Metrics of evaluations besides loss and accuracy. Default: none. */
  readonly metrics?: readonly Metric[];
  /** The seed of dropout and mixing. Default 0. */
  readonly seed?: number;
  /** Opens images that are in files. Default: such images are refused. */
  readonly files?: FileOpener;
}

/** The scalars of a step. */
export interface StepScalars {
  readonly learningRate: number;
  /** The weight of this batch's gradients in the sum, after `accumulate`. Default: the batch's own, or 1. */
  readonly weight?: number;
  /** Whatever else loss and optimizer take by name. */
  readonly [name: string]: number | undefined;
}

/** The batches of an epoch. */
export interface EpochOptions {
  /** Samples of a batch; the last one of an epoch may have fewer. */
  readonly size: number;
  /** The seed of the order of the images and of their augmentation. Default 0. */
  readonly seed?: number;
  /** From 0. Each epoch has an order and an augmentation of its own. Default 0. */
  readonly epoch?: number;
  /** Batches of a step, for `session.accumulate`: all but the last have `endsStep` false. Default 1. */
  readonly accumulate?: number;
  /** `shuffle` takes each image once, `balanced` as many of each class. Default `shuffle`. */
  readonly sampling?: TrainConfig["sampling"];
  /** The first step that is wanted; the draws are the same. Default 0. */
  readonly from?: number;
}

/** @throws {ResnetError} `ERR_ARGUMENT` for an option that does not exist, or for its value */
export function checkEpochOptions(options: EpochOptions): void {
  checkOptionValues("session.batches", options, {
    size: count,
    seed: size,
    epoch: size,
    accumulate: count,
    sampling: ["shuffle", "balanced"],
    from: size,
  });
  checkNumber("session.batches", "size", options.size, count);
}

/** The result of a batch. */
export interface BatchResult extends MetricBatch {
  /** Fraction of samples that were classified correctly before the step, 0 … 1; NaN if the loss does not count them. */
  readonly accuracy: number;
  /** L2 norm of all gradients of the step together, before clipping; null if nothing is clipped or the step goes on. */
  readonly gradientNorm: number | null;
  /** Further outputs of the loss and what is watched, by name; images and features have PyTorch's axes. */
  readonly values: Readonly<Record<string, HostArray>>;
}

/** Rows of a data set, from `session.batches`, or the caller's own arrays. */
export type SessionBatch = Batch | ArrayBatch;
