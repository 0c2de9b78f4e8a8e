import { formatJson } from "../../report/format-json.js";
import { printableJson, printableLines, printableList } from "../../tensor/printable.js";
import { wrapWords } from "./wrap-words.js";

/** What a command writes to: standard output and standard error. */
export interface OutputStreams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/**
 * Where a command's words go: to people on standard output, or beside a JSON document on standard error.
 * Names out of files may be among them, so control characters are left out. On a terminal, lines are broken between words.
 */
export class Output {
  private readonly stream: NodeJS.WriteStream;

  constructor(
    private readonly json: boolean,
    private readonly streams: OutputStreams = process,
  ) {
    this.stream = json ? streams.stderr : streams.stdout;
  }

  /** Columns that lines for people may have; endless where they go to no terminal. */
  get width(): number {
    return widthOf(this.stream);
  }

  /** A line for people. */
  say(line: string): void {
    writeText(this.stream, line);
  }

  /** A line that is not part of the result: a notice, a warning. */
  notice(line: string): void {
    writeText(this.streams.stderr, line);
  }

  /** The result: the document with `--json`, the text without. */
  result(document: unknown, text: string): void {
    const { stdout } = this.streams;
    if (this.json) this.noticeNonFinite(document);
    if (this.json) stdout.write(`${printableJson(formatJson(document))}\n`);
    else writeText(stdout, text.trimEnd());
  }

  /** Names the numbers that JSON writes as null. */
  private noticeNonFinite(document: unknown): void {
    const places: string[] = [];
    JSON.stringify(document, (key, value: unknown) => {
      if (typeof value === "number" && !Number.isFinite(value)) places.push(`${key} is ${value}`);
      return value;
    });
    if (places.length === 0) return;
    this.notice(`written as null, because JSON has no such number: ${printableList(places)}`);
  }
}

const widthOf = (stream: NodeJS.WriteStream): number =>
  stream.isTTY && stream.columns > 0 ? stream.columns : Infinity;

/** Writes lines for people. */
export function writeText(stream: NodeJS.WriteStream, text: string): void {
  stream.write(`${wrapWords(printableLines(text), widthOf(stream))}\n`);
}
