/** Where a command's words go: to people on standard output, or beside a JSON document on standard error. */
export class Output {
  private readonly stream: NodeJS.WriteStream;

  constructor(private readonly json: boolean) {
    this.stream = json ? process.stderr : process.stdout;
  }

  /** Columns that lines for people may have; endless where they go to no terminal. */
  get width(): number {
    return this.stream.isTTY ? this.stream.columns : Infinity;
  }

  /** A line for people. */
  say(line: string): void {
    this.stream.write(`${line}\n`);
  }

  /** A line that is not part of the result: a notice, a warning. */
  notice(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  /** The result: the document with `--json`, the text without. */
  result(document: unknown, text: string): void {
    process.stdout.write(
      this.json ? `${JSON.stringify(document, null, 2)}\n` : `${text.trimEnd()}\n`,
    );
  }
}
