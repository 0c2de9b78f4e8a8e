import type { DataParts } from "../../data/load-parts.js";
import type { Callback, StepProgress } from "../../../train/callbacks.js";
import type { TrainConfig } from "../../../train/config/config.js";
import type { EpochMetrics } from "../../../train/metrics.js";
import type { Training } from "../../../train/training.js";
import type { Output } from "../output.js";
import { Progress } from "../progress.js";
import {
  describeEarlyStop,
  describeResume,
  describeTraining,
  emptyClassesNotice,
  formatEpoch,
  formatLoss,
  formatNormalization,
  formatSpeed,
  scheduleNotice,
} from "./train-output.js";

/** Shows a training on the terminal: what it is, a bar within the epochs, and a line after each. */
export class ShowTraining implements Callback {
  private bar: Progress | null = null;
  /** Whether the training has come to its first step. */
  hasStarted = false;

  /** @param asked the configuration before the data completed it */
  constructor(
    private readonly output: Output,
    private readonly parts: DataParts,
    private readonly asked: TrainConfig,
  ) {}

  onStart(training: Training): void {
    const { output } = this;
    const { config, progress, steps } = training;
    this.hasStarted = true;
    this.bar = new Progress(config.epochs * steps, progress.epoch * steps + progress.step);
    if (this.asked.normalizeFromData) output.say(formatNormalization(config));
    output.say(describeTraining(training, this.parts));
    for (const notice of [emptyClassesNotice(this.parts.train), scheduleNotice(config)])
      if (notice !== null) output.notice(notice);
    if (!training.isNew) output.say(describeResume(progress, config));
  }

  onStep(progress: StepProgress, { config }: Training): void {
    const { epoch, step, steps, loss, imagesPerSecond, waiting } = progress;
    this.bar?.update((epoch - 1) * steps + step, [
      `step ${step}/${steps}`,
      `epoch ${epoch}/${config.epochs}`,
      `loss ${formatLoss(loss)}`,
      formatSpeed(imagesPerSecond, waiting),
    ]);
  }

  onEpoch(metrics: EpochMetrics, { config }: Training): void {
    this.clear();
    this.output.say(formatEpoch(metrics, config, this.output.width));
  }

  onStop({ progress, config, isStopped }: Training): void {
    this.clear();
    const ended = describeEarlyStop(progress, config);
    if (ended !== null && !isStopped) this.output.say(ended);
  }

  /** Takes the bar away, so that lines can be printed. */
  clear(): void {
    this.bar?.clear();
  }
}
