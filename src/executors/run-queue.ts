import { ResnetError } from "../tensor/error.js";

/** The runs of one executor: they never overlap, and go in the order of the calls. */
export class RunQueue {
  private last: Promise<unknown> = Promise.resolve();
  private pending = 0;

  /** Whether a run is in progress or waits. */
  get isBusy(): boolean {
    return this.pending > 0;
  }

  /** Starts `run` when those before it have ended: at once where there are none. */
  add<T>(run: () => Promise<T>): Promise<T> {
    const result = this.isBusy ? this.last.then(run) : run();
    this.pending++;
    this.last = result.then(
      () => this.pending--,
      () => this.pending--,
    );
    return result;
  }

  /** @throws {ResnetError} `ERR_BUSY`: what a run reads or writes meanwhile depends on who is faster */
  requireIdle(doing: string): void {
    if (!this.isBusy) return;
    throw new ResnetError("ERR_BUSY", `${doing} while a program runs: await the runs before it`);
  }

  /** Resolves when every run so far has ended, well or badly. */
  async idle(): Promise<void> {
    await this.last;
  }
}
