// Runs a child process in the foreground, as if it had been started in this one's place.

import { spawn } from "node:child_process";
import { constants } from "node:os";
import { root } from "./setup.mjs";

/**
 * Runs `node` with `args` on this process's own standard streams.
 *
 * In a terminal Ctrl-C goes to the child by itself; this process only must not die before it. Elsewhere
 * a signal sent to this process is handed on, so the child sees each one once.
 *
 * @param {string[]} args
 * @returns {Promise<number>} its exit code; 128 + n if signal n ended it
 */
export function runNode(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: "inherit" });
    const inTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
    process.on("SIGINT", () => inTerminal || child.kill("SIGINT"));
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("error", reject);
    child.on("exit", (code, signal) =>
      resolve(signal ? 128 + constants.signals[signal] : (code ?? 1)),
    );
  });
}
