import { formatJson } from "../../report/format.js";
import { printableJson, printableLines, printableList } from "../../tensor/printable.js";
import { fileErrorReason } from "../files/file-error.js";

/** The streams that a command writes to: standard output and standard error. */
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

/** Columns of the terminal; infinite if the stream is a pipe or a file. */
export const widthOf = (stream: NodeJS.WriteStream): number =>
  stream.isTTY && stream.columns > 0 ? stream.columns : Infinity;

/** Writes lines for people. */
export function writeText(stream: NodeJS.WriteStream, text: string): void {
  stream.write(`${wrapWords(printableLines(text), widthOf(stream))}\n`);
}

/**
 * Text whose lines are broken between words where the terminal is narrower; what follows a break is indented as its line is, and two more.
 * Tables, whose columns are apart by two spaces or more, stay as they are.
 *
 * @param width columns of the terminal
 */
export const wrapWords = (text: string, width: number): string =>
  text
    .split("\n")
    .map((line) => (line.length <= width || isTable(line) ? line : wrapLine(line, width)))
    .join("\n");

const isTable = (line: string): boolean => /\S {2}/.test(line);

function wrapLine(line: string, width: number): string {
  const indent = /^ */.exec(line)![0];
  const lines = [""];
  for (const word of line.trim().split(" ")) {
    const last = lines.at(-1)!;
    const start = lines.length === 1 ? indent : `${indent}  `;
    if (last === "") lines[lines.length - 1] = start + word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${indent}  ${word}`);
  }
  return lines.join("\n");
}

/**
 * Lets the work go on where standard output or standard error cannot be written, as on a full disk or when a reader such as `head`
 * has ended. Standard error says so once, and the exit code is 1 where it would be 0.
 */
export function surviveFailedOutput(): void {
  const failed = new Set<NodeJS.WriteStream>();
  const onError = (stream: NodeJS.WriteStream, error: Error): void => {
    if (failed.has(stream)) return;
    failed.add(stream);
    if (stream === process.stderr) return;
    const reason = fileErrorReason(error);
    process.stderr.write(
      `error: standard output cannot be written (${reason}): output is lost, and the work goes on\n`,
    );
  };
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error) => onError(stream, error));
  process.on("exit", () => {
    if (failed.size > 0) process.exitCode ||= 1;
  });
}
