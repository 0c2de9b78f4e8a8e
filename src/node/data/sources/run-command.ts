import { execFile } from "node:child_process";
import { DataError } from "../../../data/data-error.js";

/** What came of a command. */
export interface CommandResult {
  readonly exitCode: number;
  /** Standard error, trimmed. */
  readonly errors: string;
}

/** Runs `command` with `args` in `directory`; throws `ERR_DATA_SOURCE` if it cannot be started. */
export type RunCommand = (
  command: string,
  args: readonly string[],
  directory: string,
) => Promise<CommandResult>;

const timeoutMs = 10 * 60_000;

/** Runs a command of this machine, for ten minutes at most, with English messages. */
export const runCommand: RunCommand = (command, args, directory) =>
  new Promise((resolve, reject) => {
    const options = { cwd: directory, timeout: timeoutMs, env: { ...process.env, LC_ALL: "C" } };
    execFile(command, args, options, (error, _output, errors) => {
      if (!error) {
        resolve({ exitCode: 0, errors: errors.trim() });
      } else if (typeof error.code === "number") {
        resolve({ exitCode: error.code, errors: errors.trim() });
      } else if (error.code === "ENOENT") {
        reject(new DataError("ERR_DATA_SOURCE", `${command} is not installed`));
      } else {
        const reason = error.killed
          ? `did not end within ${timeoutMs / 60_000} minutes`
          : error.message;
        reject(new DataError("ERR_DATA_SOURCE", `${command} ${reason}`, { cause: error }));
      }
    });
  });
