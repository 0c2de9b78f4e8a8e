import { spawn, type ChildProcessByStdio } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** What a server answers to `run K`. */
export interface StepTimes {
  readonly milliseconds: readonly number[];
  /** Largest resident set of the process so far, in bytes. */
  readonly peakBytes: number;
}

/**
 * A process that runs training steps on request and sleeps in between, so that rivals take turns on an idle machine.
 */
export class StepServer {
  private readonly lines: AsyncIterator<string>;

  private constructor(
    readonly name: string,
    private readonly child: ChildProcessByStdio<Writable, Readable, null>,
    reader: Interface,
  ) {
    this.lines = reader[Symbol.asyncIterator]();
  }

  /** Starts a server, and waits until it has warmed up. */
  static async start(name: string, command: string, args: readonly string[]): Promise<StepServer> {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    const server = new StepServer(name, child, createInterface({ input: child.stdout }));
    const first = await server.nextLine();
    if (!first.startsWith("ready"))
      throw new Error(`${name} says ${JSON.stringify(first)} instead of ready`);
    return server;
  }

  async run(steps: number): Promise<StepTimes> {
    this.child.stdin.write(`run ${steps}\n`);
    return JSON.parse(await this.nextLine()) as StepTimes;
  }

  close(): void {
    this.child.stdin.end();
  }

  private async nextLine(): Promise<string> {
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`${this.name} ended before it answered`);
    return value;
  }
}
