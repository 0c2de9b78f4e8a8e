import { SingleBar } from "cli-progress";

/** A bar on standard error while it is a terminal, and nothing otherwise. */
export class Progress {
  private readonly bar: SingleBar | null;
  private readonly start = performance.now();
  private value = 0;
  private running = false;

  /** @param total value at which the work is done */
  constructor(
    private readonly total: number,
    unit: "steps" | "bytes",
  ) {
    const count = unit === "steps" ? "{value}/{total} steps" : "{size}";
    this.bar = process.stderr.isTTY
      ? new SingleBar({
          format: `{bar} {percentage}% | ${count} | {text}{left} left`,
          barCompleteChar: "━",
          barIncompleteChar: "─",
          barsize: 24,
          hideCursor: true,
          clearOnComplete: true,
          fps: 8,
          stream: process.stderr,
        })
      : null;
  }

  update(value: number, text = ""): void {
    this.value = value;
    const payload = {
      text,
      left: this.timeLeft(),
      size: `${(value / 1e6).toFixed(1)} of ${(this.total / 1e6).toFixed(1)} MB`,
    };
    if (this.running) this.bar?.update(value, payload);
    else this.bar?.start(this.total, value, payload);
    this.running = true;
  }

  /** Takes the bar away, so that lines can be printed; the next update brings it back. */
  clear(): void {
    if (this.running) this.bar?.stop();
    this.running = false;
  }

  private timeLeft(): string {
    if (this.value === 0) return "–";
    const seconds = ((performance.now() - this.start) / 1000) * (this.total / this.value - 1);
    return formatDuration(seconds);
  }
}

/** `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
