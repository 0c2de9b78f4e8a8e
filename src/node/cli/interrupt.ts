/** How soon after the first a second signal is the same key press, delivered to a process and to its group. */
const sameKeyPressMs = 500;

/** Signals that ask a process to end, and what it exits with then: 128 and the signal's number. */
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof exitCodes;

export interface StopRequest {
  readonly signal: AbortSignal;
  /** What to exit with; null if nobody asked to stop. */
  readonly exitCode: number | null;
  readonly dispose: () => void;
}

/**
 * Turns Ctrl-C and SIGTERM into an abort signal: once asks to stop after the step in progress, twice stops at once.
 *
 * @param say tells the user what happens now
 */
export function stopOnSignal(say: (line: string) => void): StopRequest {
  const controller = new AbortController();
  let exitCode: number | null = null;
  let first = 0;
  const onSignal = (signal: StopSignal): void => {
    if (exitCode === null) {
      first = performance.now();
      exitCode = exitCodes[signal];
      controller.abort();
      const again = signal === "SIGINT" ? "; press Ctrl-C again to stop at once" : "";
      say(`\nfinishing this step and saving${again}`);
    } else if (performance.now() - first > sameKeyPressMs) {
      // Not process.exit, which would wait for the running program to end.
      dispose();
      process.kill(process.pid, signal);
    }
  };
  const signals = Object.keys(exitCodes) as StopSignal[];
  for (const signal of signals) process.on(signal, onSignal);
  const dispose = (): void => {
    for (const signal of signals) process.off(signal, onSignal);
  };
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    dispose,
  };
}
