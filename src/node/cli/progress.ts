import { SingleBar } from "cli-progress";
import { progressLine } from "./progress-line.js";

/** How often something that is no terminal gets a line: often enough to see that work goes on. */
const lineEveryMs = 60_000;

/** How far a long work is, on standard error: a bar on a terminal; in a pipe or file, a plain line every minute. */
export class Progress {
  private readonly bar: SingleBar | null;
  private readonly start = performance.now();
  private lastLine = this.start;
  private running = false;

  /**
   * @param total value at which the work is done
   * @param from value at which it began, where an earlier one is carried on
   */
  constructor(
    private readonly total: number,
    private readonly from = 0,
  ) {
    this.bar = process.stderr.isTTY
      ? new SingleBar({
          // One column is left free: some terminals break the line after the last.
          format: (_options, { progress }, { details }: Payload) =>
            progressLine(progress, details, (process.stderr.columns ?? 80) - 1),
          hideCursor: true,
          clearOnComplete: true,
          fps: 8,
          stream: process.stderr,
        })
      : null;
  }

  /** @param details what else to say, the most important last; the time left follows them */
  update(value: number, details: readonly string[]): void {
    const payload: Payload = { details: [...details, `${this.timeLeft(value)} left`] };
    if (!this.bar) this.printLine(value, payload);
    else if (this.running) this.bar.update(value, payload);
    else this.bar.start(this.total, value, payload);
    this.running = true;
  }

  /** Takes the bar away, so that lines can be printed; the next update brings it back. */
  clear(): void {
    if (this.running) this.bar?.stop();
    this.running = false;
  }

  private printLine(value: number, { details }: Payload): void {
    const now = performance.now();
    if (now - this.lastLine < lineEveryMs) return;
    this.lastLine = now;
    const percentage = `${Math.floor((100 * value) / this.total)}%`;
    process.stderr.write(`${[percentage, ...details].join(" | ")}\n`);
  }

  private timeLeft(value: number): string {
    if (value <= this.from) return "–";
    const elapsed = (performance.now() - this.start) / 1000;
    return formatDuration((elapsed * (this.total - value)) / (value - this.from));
  }
}

interface Payload {
  readonly details: readonly string[];
}

/** `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
