import type { AccuracyPoint } from "../report/accuracy-chart.js";
import { writeLiveChart } from "../report/write-run-report.js";
import type { RunDirectory } from "../train/runs/run-directory.js";
import type { StepProgress } from "../train/train-loop.js";

/** Rewrites a run's `accuracy.svg` within an epoch, for epochs that take long. */
export class LiveChart {
  private points: AccuracyPoint[] = [];
  private last = performance.now();

  constructor(
    private readonly run: RunDirectory,
    private readonly validation: string,
    /** Seldom enough to cost nothing, often enough to be watched. */
    private readonly everyMs = 10_000,
  ) {}

  async update({ epoch, step, steps, loss, accuracy }: StepProgress): Promise<void> {
    if (performance.now() - this.last < this.everyMs) return;
    this.last = performance.now();
    const now = { epoch: epoch - 1 + step / steps, trainLoss: loss, trainAccuracy: accuracy };
    this.points = this.points.filter((point) => point.epoch > epoch - 1); // epochs have their own
    this.points.push({ ...now, validAccuracy: NaN });
    await writeLiveChart(this.run, this.points, this.validation);
  }
}
