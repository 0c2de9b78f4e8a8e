import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand, type RunCommand } from "./run-command.js";

/** What the sources need of the machine. Tests give their own. */
export interface SourceEnvironment {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly runCommand: RunCommand;
  readonly isRoot: boolean;
  /** Where downloads are kept, one directory per data set. */
  readonly cacheDir: string;
  /** The root of the file system in which Debian's packages are installed. */
  readonly fileSystemRoot: string;
  readonly tempDir: string;
  /** A download without any news for this long has failed. */
  readonly stallTimeoutMs: number;
}

/** This machine: the global `fetch`, its commands, `$XDG_CACHE_HOME/resnet-ts`. */
export function machineEnvironment(): SourceEnvironment {
  const cacheHome = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return {
    fetch: (url, init) => fetch(url, init),
    runCommand,
    isRoot: process.getuid?.() === 0,
    cacheDir: join(cacheHome, "resnet-ts"),
    fileSystemRoot: "/",
    tempDir: tmpdir(),
    stallTimeoutMs: 15_000,
  };
}
