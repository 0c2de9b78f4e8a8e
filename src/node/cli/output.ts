import { printableJson, printableLines, printableList } from "../../tensor/printable.js";

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
    if (this.json) this.noticeNonFinite(document);
    const printed = this.json ? printableJson(document) : printableLines(text.trimEnd());
    process.stdout.write(`${printed}\n`);
  }

  /** JSON has no NaN and no infinity: what is written as null instead is named. */
  private noticeNonFinite(document: unknown): void {
    const places: string[] = [];
    JSON.stringify(document, (key, value: unknown) => {
      if (typeof value === "number" && !Number.isFinite(value)) places.push(`${key} is ${value}`);
      return value;
    });
    if (places.length === 0) return;
    this.notice(`written as null, since JSON has no such number: ${printableList(places)}`);
  }
}
