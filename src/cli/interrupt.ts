/** How soon after the first a second SIGINT is the same key press, delivered to a process and to its group. */
const sameKeyPressMs = 500;

/**
 * Turns Ctrl-C into an abort signal: once asks to stop after the step in progress, twice stops at once.
 *
 * @param say tells the user what happens now
 */
export function stopOnInterrupt(say: (line: string) => void): {
  readonly signal: AbortSignal;
  readonly dispose: () => void;
} {
  const controller = new AbortController();
  let first = 0;
  const onInterrupt = (): void => {
    if (!controller.signal.aborted) {
      first = performance.now();
      controller.abort();
      say("\nfinishing this step and saving; press Ctrl-C again to stop at once");
    } else if (performance.now() - first > sameKeyPressMs) {
      // Not process.exit, which would wait for the running program to end.
      process.off("SIGINT", onInterrupt);
      process.kill(process.pid, "SIGINT");
    }
  };
  process.on("SIGINT", onInterrupt);
  return { signal: controller.signal, dispose: () => process.off("SIGINT", onInterrupt) };
}
