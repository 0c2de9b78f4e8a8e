import { SingleBar } from "cli-progress";

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

const widestBar = 24;
const narrowestBar = 8;

/**
 * A line that says how far something is, no wider than the terminal: a bar, the percentage, and the details. Where there is no
 * room the bar goes first, then the details from the left on: the last ones matter most.
 *
 * @param share of the work that is done, 0 … 1
 * @param width columns of the terminal
 */
export function progressLine(share: number, details: readonly string[], width: number): string {
  const percentage = `${Math.floor(100 * share)}%`;
  for (let dropped = 0; dropped < details.length; dropped++) {
    const text = [percentage, ...details.slice(dropped)].join(" | ");
    if (text.length > width) continue;
    const room = Math.min(widestBar, width - text.length - 1);
    return room < narrowestBar ? text : `${bar(share, room)} ${text}`;
  }
  return percentage;
}

function bar(share: number, length: number): string {
  const done = Math.floor(share * length);
  return "━".repeat(done) + "─".repeat(length - done);
}

/** Fields on one line, or broken between fields where the terminal is narrower. */
export const wrapFields = (fields: readonly string[], width: number): string =>
  fields.reduce((text, field) => {
    const lastLine = text.slice(text.lastIndexOf("\n") + 1);
    const fits = lastLine.length + 3 + field.length <= width;
    return `${text}${fits ? "   " : "\n  "}${field}`;
  });
