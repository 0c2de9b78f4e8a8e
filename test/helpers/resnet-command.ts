// The resnet command as its users call it: in a process of its own.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Its program. */
export const main = fileURLToPath(new URL("../../src/node/cli/main.js", import.meta.url));

/** What a command that ended leaves. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in a folder, to its end. */
export const resnetIn =
  (cwd: string | undefined) =>
  (...words: readonly string[]): Ended => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], {
      cwd,
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  };

/** Runs the command to its end. */
export const resnet = resnetIn(undefined);
