import { countViews } from "../../data/transforms/test-views.js";
import type { Callback, StepProgress, TrainResult } from "../../train/callbacks.js";
import { validationName } from "../../train/config/config.js";
import type { EpochMetrics } from "../../train/metrics.js";
import type { TrainData } from "../../train/train.js";
import type { Training } from "../../train/training.js";
import type { RunDirectory } from "../runs/run-directory.js";
import { writeEpochCharts, writeLiveChart, writeRunReport } from "./write-run-report.js";

/** Draws a training in its run directory: charts after each epoch, and the report and all pictures after the test. */
export class ReportRun implements Callback {
  private lastChart = performance.now();

  /** @param everyMs how often `accuracy.svg` is drawn within an epoch: seldom enough to cost nothing */
  constructor(
    private readonly run: RunDirectory,
    private readonly data: TrainData,
    private readonly everyMs = 10_000,
  ) {}

  async onStep(step: StepProgress, { config, epochs }: Training): Promise<void> {
    if (performance.now() - this.lastChart < this.everyMs) return;
    this.lastChart = performance.now();
    await writeLiveChart(this.run, epochs, step, validationName(config));
  }

  async onEpoch(_: EpochMetrics, { config, epochs }: Training): Promise<void> {
    await writeEpochCharts(this.run, epochs, validationName(config));
  }

  async onEnd({ test }: TrainResult, { config, epochs }: Training): Promise<void> {
    if (!test || !this.data.test) return;
    await writeRunReport(this.run, epochs, test, this.data.test, {
      transforms: config.transforms.eval,
      validation: validationName(config),
      views: countViews(config.testViews),
    });
  }
}
