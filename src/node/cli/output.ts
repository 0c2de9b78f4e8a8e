import { printableJson, printableLines } from "../../tensor/printable.js";

/**
 * Where a command's words go: to people on standard output, or beside a JSON document on standard error.
 * Names out of files may be among them, so control characters are left out.
 */
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
    this.stream.write(`${printableLines(line)}\n`);
  }

  /** A line that is not part of the result: a notice, a warning. */
  notice(line: string): void {
    process.stderr.write(`${printableLines(line)}\n`);
  }

  /** The result: the document with `--json`, the text without. */
  result(document: unknown, text: string): void {
    const printed = this.json ? printableJson(document) : printableLines(text.trimEnd());
    process.stdout.write(`${printed}\n`);
  }
}
