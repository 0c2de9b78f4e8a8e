import type { Module } from "../nn/module.js";
import type { Evaluation } from "./evaluate.js";
import type { EpochMetrics } from "./metrics.js";
import type { TrainProgress } from "./progress.js";
import type { Training } from "./training.js";
import type { ModelState } from "../checkpoint/model-state.js";

/** Where a training stands after a step. */
export interface StepProgress {
  /** Counted from 1. */
  readonly epoch: number;
  /** Steps done in this epoch, and the steps it has. */
  readonly step: number;
  readonly steps: number;
  /** Mean training loss of this epoch so far, in nats. */
  readonly loss: number;
  /** Fraction of this epoch's samples so far that were classified correctly before their step, 0 … 1. */
  readonly accuracy: number;
  /** The learning rate of this step. */
  readonly learningRate: number;
  /** L2 norm of all gradients of this step together, before clipping; null if nothing is clipped. */
  readonly gradientNorm: number | null;
  /** Training images per second of this epoch so far, over the time of its steps. */
  readonly imagesPerSecond: number;
  /** Fraction of that time in which steps waited for their images, 0 … 1. */
  readonly waiting?: number;
}

/** How a training stood after one of its steps, as charts show it: a line of a run's `steps.jsonl`. */
export type LoggedStep = Pick<
  StepProgress,
  "epoch" | "step" | "steps" | "loss" | "accuracy" | "learningRate"
>;

/** The result of a training. */
export interface TrainResult {
  readonly model: Module;
  /** Where the training stands: at its end, unless it was stopped. */
  readonly progress: TrainProgress;
  readonly epochs: readonly EpochMetrics[];
  /** The weights after the last step: the model's, or their averages if the configuration keeps them. */
  readonly weights: ModelState;
  /** The weights of the epoch that `bestMetric` picks; of the last step if no epoch was validated. */
  readonly best: ModelState;
  /** The test of the last weights; null without test images, or if the training was stopped. */
  readonly test: Evaluation | null;
}

/**
 * An observer of a training: saving, reports, progress, logs, steering. Every method is optional and awaited; an
 * error ends the training.
 */
export interface Callback {
  /** Called once, when all programs are loaded and no weights are there yet. May restore an earlier training (`restore`). */
  onSetUp?(training: Training): unknown;
  /** Called before the first step, with the first weights, or those that were restored, in the executor. */
  onStart?(training: Training): unknown;
  onStep?(step: StepProgress, training: Training): unknown;
  onEpoch?(epoch: EpochMetrics, training: Training): unknown;
  /** Called where the steps end: after the last epoch, or after the step in which the training was stopped. */
  onStop?(training: Training): unknown;
  /** Called with the result of a training that was not stopped. */
  onEnd?(result: TrainResult, training: Training): unknown;
}

/** Keeps a copy of the weights of the best epoch, by the configuration's `bestMetric`. */
export class BestWeights implements Callback {
  /** Null before the first epoch that was validated. */
  weights: ModelState | null = null;

  async onEpoch(_: EpochMetrics, training: Training): Promise<void> {
    if (training.isBestEpoch) this.weights = await training.session.weights();
  }
}
