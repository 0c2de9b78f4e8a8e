/** How soon after the first a second signal is the same key press, delivered to a process and to its group. */
const sameKeyPressMs = 500;

/** Signals that ask a process to end, and the exit code then: 128 and the signal's number. */
const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof exitCodes;

export interface StopRequest {
  readonly signal: AbortSignal;
  /** The exit code that the signal asks for; null if nobody asked to stop. */
  readonly exitCode: number | null;
  readonly dispose: () => void;
}

/**
 * Turns Ctrl-C, SIGTERM and SIGHUP into an abort signal: once asks to stop after the step in progress, twice stops at once.
 *
 * @param now what happens after the first
 * @param say tells the user
 */
export function stopOnSignal(now: string, say: (line: string) => void): StopRequest {
  const controller = new AbortController();
  let exitCode: number | null = null;
  let first = 0;
  const dispose = listen((signal) => {
    if (exitCode === null) {
      first = performance.now();
      exitCode = exitCodes[signal];
      controller.abort();
      const again = signal === "SIGINT" ? "; press Ctrl-C again to stop at once" : "";
      say(`\n${now}${again}`);
    } else if (performance.now() - first > sameKeyPressMs) {
      // Not process.exit, which would wait for the running program to end.
      dispose();
      process.kill(process.pid, signal);
    }
  });
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    dispose,
  };
}

/**
 * Runs work that a signal may end at any time, as if nobody listened to signals, but for one thing that is done first.
 *
 * @param cleanUp what is done first
 */
export async function endOnSignal<Result>(
  cleanUp: () => Promise<void>,
  work: () => Promise<Result>,
): Promise<Result> {
  let ending = null as Promise<void> | null;
  const dispose = listen((signal) => {
    dispose(); // a second signal does not wait
    ending = cleanUp().finally(() => process.kill(process.pid, signal));
  });
  try {
    return await work();
  } finally {
    dispose();
    if (ending) await ending.then(() => new Promise(() => {})); // what comes next is not begun
  }
}

/** Calls a function at each signal that asks to stop. @returns ends that */
function listen(onSignal: (signal: StopSignal) => void): () => void {
  const signals = Object.keys(exitCodes) as StopSignal[];
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}
