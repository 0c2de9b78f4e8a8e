import { fileErrorReason } from "../files/file-error.js";

/**
 * Lets the work go on where standard output or standard error cannot be written, as on a full disk or when a reader such as `head`
 * has ended. Standard error says so once, and the exit code is 1 where it would be 0.
 */
export function surviveFailedOutput(): void {
  const failed = new Set<NodeJS.WriteStream>();
  const onError = (stream: NodeJS.WriteStream, error: Error): void => {
    if (failed.has(stream)) return;
    failed.add(stream);
    if (stream === process.stderr) return;
    const reason = fileErrorReason(error);
    process.stderr.write(
      `error: standard output cannot be written (${reason}): output is lost, and the work goes on\n`,
    );
  };
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error) => onError(stream, error));
  process.on("exit", () => {
    if (failed.size > 0) process.exitCode ||= 1;
  });
}
