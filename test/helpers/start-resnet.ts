// The resnet command under way: what it writes can be waited for, and signals reach it.
import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { main } from "./resnet-command.js";

export interface Started {
  readonly child: ChildProcess;
  /** What it has written so far. */
  readonly written: { stdout: string; stderr: string };
  /** The first time that standard output has this text. */
  readonly says: (text: string) => Promise<void>;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

export interface StartOptions {
  /** Signal, and when it comes, as `signal-at.ts` says. */
  readonly signal?: `${NodeJS.Signals}:${1 | 2}`;
  /** Default: nothing to read, and both outputs are listened to. */
  readonly stdio?: StdioOptions;
}

const preload = fileURLToPath(new URL("signal-at.js", import.meta.url));

export function startResnet(words: readonly string[], options: StartOptions = {}): Started {
  const { signal, stdio = ["ignore", "pipe", "pipe"] } = options;
  const before = signal ? ["--import", pathToFileURL(preload).href] : [];
  const child = spawn(process.execPath, [...before, main, ...words], {
    stdio,
    env: { ...process.env, ...(signal && { RESNET_TEST_SIGNAL: signal }) },
  });
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name]?.on("data", (chunk: Buffer) => (written[name] += chunk.toString()));
  return {
    child,
    written,
    says: (text) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!written.stdout.includes(text)) return;
          child.stdout!.off("data", look);
          resolve();
        };
        child.stdout!.on("data", look);
        look();
      }),
    ended: new Promise((resolve) =>
      child.on("close", (code, ending) => resolve(code ?? ending ?? "SIGKILL")),
    ),
  };
}
