import { execFile } from "node:child_process";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { DataError } from "../../../data/data-error.js";
import { proxyFetch } from "../../net/proxy-fetch.js";

/** Access to the machine, for the sources. Tests pass their own. */
export interface SourceEnvironment {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly runCommand: RunCommand;
  readonly isRoot: boolean;
  /** The cache of downloads, with a directory for each data set. */
  readonly cacheDir: string;
  /** Root of the file system with Debian's installed packages. */
  readonly fileSystemRoot: string;
  readonly tempDir: string;
  /** A download that receives nothing for this long has failed. */
  readonly stallTimeoutMs: number;
}

/** This machine: `fetch` through the proxy of the environment, its commands, `$XDG_CACHE_HOME/resnet-ts`. */
export function machineEnvironment(): SourceEnvironment {
  const cacheHome = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return {
    fetch: proxyFetch,
    runCommand,
    isRoot: process.getuid?.() === 0,
    cacheDir: join(cacheHome, "resnet-ts"),
    fileSystemRoot: "/",
    tempDir: tmpdir(),
    stallTimeoutMs: 15_000,
  };
}

/** The result of a command. */
interface CommandResult {
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

/** Runs a command for at most ten minutes, with English messages. */
const runCommand: RunCommand = (command, args, directory) =>
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
