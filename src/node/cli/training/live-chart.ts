import { writeLiveChart } from "../../report/write-run-report.js";
import type { RunDirectory } from "../../runs/run-directory.js";
import type { LoggedStep } from "../../runs/step-log.js";

/** Rewrites a run's `accuracy.svg` within an epoch, for epochs that take long. */
export class LiveChart {
  private last = performance.now();

  constructor(
    private readonly run: RunDirectory,
    private readonly validation: string,
    /** Seldom enough to cost nothing, often enough to be watched. */
    private readonly everyMs = 10_000,
  ) {}

  async update(now: LoggedStep): Promise<void> {
    if (performance.now() - this.last < this.everyMs) return;
    this.last = performance.now();
    await writeLiveChart(this.run, now, this.validation);
  }
}
