import type { Callback, LoggedStep, StepProgress, TrainResult } from "../train/callbacks.js";
import { validationName } from "../train/config/config.js";
import type { EpochMetrics } from "../train/metrics.js";
import type { Training } from "../train/training.js";
import { LiveDisplay } from "./live-display.js";
import { accuracyChart, pointsOf } from "./training-charts.js";

export interface LiveChartOptions {
  /** The least time between two drawings within an epoch, in milliseconds. Default 500. */
  readonly everyMs?: number;
  /** Where the chart is shown. Default: below the cell of the notebook. */
  readonly display?: LiveDisplay;
}

/**
 * Draws the accuracy chart of a training below a cell of a notebook, and draws it again in the same place as the training
 * goes on, with its progress below the title.
 *
 *     await train(config, data, { callbacks: [liveChart()] });
 *
 * @throws {UsageError} `ERR_NOTEBOOK` outside Deno's Jupyter kernel, without a `display`
 */
export function liveChart({
  everyMs = 500,
  display = new LiveDisplay(),
}: LiveChartOptions = {}): Callback {
  const steps: LoggedStep[] = [];
  let last = -Infinity;
  const draw = async (note: string, { config, epochs }: Training): Promise<void> => {
    const about = `${config.model} on ${config.data}`;
    const words = { about, note, validation: validationName(config) };
    await display.show(accuracyChart(pointsOf(epochs, steps), words));
  };
  return {
    async onStep(step: StepProgress, training: Training): Promise<void> {
      steps.push(step);
      if (performance.now() - last < everyMs) return;
      await draw(progressOf(step, training), training);
      last = performance.now();
    },
    onEpoch: ({ epoch }: EpochMetrics, training: Training) =>
      draw(`epoch ${epoch} of ${training.config.epochs}`, training),
    onEnd: ({ test }: TrainResult, training: Training) =>
      test && draw(`test accuracy ${(100 * test.accuracy).toFixed(2)} %`, training),
  };
}

const progressOf = (
  { epoch, step, steps, loss, imagesPerSecond }: StepProgress,
  { config }: Training,
): string =>
  `epoch ${epoch} of ${config.epochs}, step ${step} of ${steps}; loss ${loss.toFixed(4)}; ` +
  `${Math.round(imagesPerSecond).toLocaleString("en-US")} images a second`;
