import { printable } from "../tensor/printable.js";
import { InteropError } from "./interop-error.js";

/** A tensor's entry in the header; `start` and `end` are offsets into the data, in bytes. */
export interface TensorEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: ReadonlyMap<string, string>;
  /** Byte of the file at which the data begins. */
  readonly dataStart: number;
}

/**
 * Enough for twenty thousand tensors. The format's own library allows 100 MB, but hostile JSON takes thirty times
 * its size in memory, and a third of a second for each megabyte.
 */
export const maxHeaderLength = 2 ** 21;

/**
 * The header of a safetensors file: 8 bytes of length (u64, little-endian), then JSON in UTF-8.
 *
 * @param bytes the file, or its beginning up to `headerEnd`
 * @throws {InteropError} `ERR_SAFETENSORS_HEADER`, or `ERR_SAFETENSORS_ENTRY` for the entry of a tensor
 */
export function readSafetensorsHeader(bytes: Uint8Array, file: string): SafetensorsHeader {
  const dataStart = headerEnd(bytes, bytes.length, file);
  const text = decodeText(bytes.subarray(8, dataStart), file);
  const json = parse(text, file);
  const repeated = repeatedKey(text);
  if (repeated !== null) throw headerError(file, `the header names ${printable(repeated)} twice`);

  const metadata = new Map<string, string>();
  const entries = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(json)) {
    if (name === "__metadata__") {
      if (!isObject(value)) throw headerError(file, "__metadata__ is not a JSON object");
      for (const [key, content] of Object.entries(value)) {
        if (typeof content !== "string") {
          throw headerError(file, `__metadata__ has ${printable(key)} which is not a string`);
        }
        metadata.set(key, content);
      }
    } else {
      entries.set(name, readEntry(name, value, file));
    }
  }
  return { entries, metadata, dataStart };
}

/**
 * The byte at which the header ends and the data begins.
 *
 * @param bytes the file's beginning, at least 8 bytes unless it is shorter
 * @param fileBytes size of the file
 * @throws {InteropError} `ERR_SAFETENSORS_HEADER` if the header does not fit the file
 */
export function headerEnd(bytes: Uint8Array, fileBytes: number, file: string): number {
  if (fileBytes < 8) {
    throw headerError(file, `the file has ${fileBytes} bytes but begins with a length of 8`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > maxHeaderLength) {
    const limit = `at most ${maxHeaderLength} are allowed`;
    throw headerError(
      file,
      `the header is said to take ${length} bytes but ${limit}; is this a safetensors file?`,
    );
  }
  if (length > fileBytes - 8) {
    const left = `the file has ${fileBytes - 8} after its length`;
    throw headerError(file, `the header is said to take ${length} bytes but ${left}`);
  }
  return 8 + Number(length);
}

function decodeText(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw headerError(file, "the header is not UTF-8", error);
  }
}

function parse(text: string, file: string): object {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const finding = printable((error as Error).message);
    throw headerError(file, `the header is not JSON: ${finding}`, error);
  }
  if (!isObject(json)) throw headerError(file, "the header is not a JSON object");
  return json;
}

function readEntry(name: string, value: unknown, file: string): TensorEntry {
  const wrong = (finding: string): InteropError =>
    new InteropError("ERR_SAFETENSORS_ENTRY", `${file}: ${printable(name)} ${finding}`);
  if (!isObject(value)) throw wrong("is not described by a JSON object");
  const { dtype, shape, data_offsets: offsets } = value as Readonly<Record<string, unknown>>;
  if (typeof dtype !== "string") throw wrong("has no dtype");
  if (!isCounts(shape)) throw wrong("has no shape of whole numbers");
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw wrong("has no data_offsets of two whole numbers");
  }
  const [start, end] = offsets as [number, number];
  if (end < start) throw wrong(`ends at byte ${end}, before its start at ${start}`);
  return { dtype, shape, start, end };
}

/**
 * A key that the outer object of `text` has twice, or null. `JSON.parse` would silently keep the last one. Keys
 * inside the entries are not checked.
 *
 * @param text valid JSON, an object
 */
function repeatedKey(text: string): string | null {
  const seen = new Set<string>();
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === "{" || character === "[") depth++;
    if (character === "}" || character === "]") depth--;
    if (character !== '"') continue;
    const start = at++;
    while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    let next = at + 1;
    while (isBlank(text[next])) next++;
    if (depth !== 1 || text[next] !== ":") continue; // not the name of an entry
    const key = JSON.parse(text.slice(start, at + 1)) as string;
    if (seen.has(key)) return key;
    seen.add(key);
  }
  return null;
}

const isBlank = (character: string | undefined): boolean =>
  character !== undefined && " \t\r\n".includes(character);

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isCounts = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);

const headerError = (file: string, finding: string, cause?: unknown): InteropError =>
  new InteropError("ERR_SAFETENSORS_HEADER", `${file}: ${finding}`, { cause });
