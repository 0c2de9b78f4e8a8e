import { spawn, type ChildProcessByStdio } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { ResnetError } from "../../tensor/error.js";

/** How to start a rival: a program that answers `run K` lines. */
export interface RivalCommand {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** What a rival answers to `run K`. */
export interface RunTimes {
  readonly milliseconds: readonly number[];
  /** Largest resident set of the process so far, in bytes. */
  readonly peakBytes: number;
}

/** A process that runs on request and sleeps in between, so that rivals take turns on an idle machine. */
export class Rival {
  private readonly lines: AsyncIterator<string>;
  private readonly gone: Promise<void>;

  private constructor(
    readonly name: string,
    private readonly child: ChildProcessByStdio<Writable, Readable, null>,
    reader: Interface,
  ) {
    this.lines = reader[Symbol.asyncIterator]();
    this.gone = new Promise((resolve) => child.once("exit", () => resolve()));
    // A question to a dead process fails here; that no answer comes says so.
    child.stdin.on("error", () => undefined);
  }

  /**
   * Starts a rival, and waits until it has warmed up.
   *
   * @throws {ResnetError} `ERR_RIVAL` if it ends before it is ready; what it printed may say why
   */
  static async start({ name, command, args }: RivalCommand): Promise<Rival> {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    const failed = new Promise<never>((_, reject) => {
      child.once("error", (error) => reject(ended(name, error.message)));
    });
    const rival = new Rival(name, child, createInterface({ input: child.stdout }));
    const first = await Promise.race([rival.nextLine(), failed]);
    if (!first.startsWith("ready"))
      throw ended(name, `it says ${JSON.stringify(first)} instead of ready`);
    return rival;
  }

  run(runs: number): Promise<RunTimes> {
    return this.ask(`run ${runs}`);
  }

  /** Sends a line, and parses the line that comes back. */
  async ask<T>(line: string): Promise<T> {
    this.child.stdin.write(`${line}\n`);
    return JSON.parse(await this.nextLine()) as T;
  }

  close(): Promise<void> {
    this.child.stdin.end();
    return this.gone;
  }

  private async nextLine(): Promise<string> {
    const { value, done } = await this.lines.next();
    if (!done) return value;
    await this.gone;
    throw ended(this.name, `it ended before it answered, ${howItEnded(this.child)}`);
  }
}

/** "with exit code 1"; memory that ran out shows only as SIGKILL, from the kernel. */
function howItEnded({
  exitCode,
  signalCode,
}: ChildProcessByStdio<Writable, Readable, null>): string {
  if (signalCode === null) return `with exit code ${exitCode}`;
  const maybe = signalCode === "SIGKILL" ? "; the memory may not have been enough" : "";
  return `killed by ${signalCode}${maybe}`;
}

const ended = (name: string, why: string): ResnetError =>
  new ResnetError("ERR_RIVAL", `${name} cannot be measured: ${why}`);
