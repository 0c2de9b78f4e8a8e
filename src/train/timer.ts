/** Measures stretches of time, and keeps them: d2l's `Timer`. Running from when it is made. */
export class Timer {
  readonly #seconds: number[] = [];
  #start = performance.now();

  /** Begins a stretch. */
  start(): void {
    this.#start = performance.now();
  }

  /** Ends the stretch, and keeps it. @returns its seconds */
  stop(): number {
    const seconds = (performance.now() - this.#start) / 1000;
    this.#seconds.push(seconds);
    return seconds;
  }

  /** Of each stretch so far. */
  get seconds(): readonly number[] {
    return this.#seconds;
  }

  /** Of all stretches together. */
  get sum(): number {
    return this.#seconds.reduce((sum, each) => sum + each, 0);
  }

  /** Of a stretch on average; NaN before the first. */
  get mean(): number {
    return this.sum / this.#seconds.length;
  }
}
