/** Reads the numbers and strings that protocol 0 writes as text, and whole numbers of any length. */

import type { Charge } from "./pickle-globals.js";
import type { PickleReader } from "./pickle-reader.js";
import { latin1 } from "./pickle-dict.js";

/** Longest whole number, in bytes: a number of 2,048 bits. */
const maxIntegerBytes = 256;

/** A whole number: `42`, `-7`, `42L`, and `00`, `01` for False and True. */
export function readInteger(reader: PickleReader): boolean | number | bigint {
  const line = reader.line().trim();
  if (line === "00" || line === "01") return line === "01";
  const [, digits] = /^([+-]?\d{1,600})L?$/.exec(line) ?? [];
  if (digits === undefined) {
    throw reader.error("ERR_PICKLE_FORMAT", "INT: the text is not a whole number");
  }
  return shrink(BigInt(digits));
}

/** A number with a point or exponent, or `nan`, `inf`, `-inf`. */
export function readFloat(reader: PickleReader): number {
  const line = reader.line().trim().toLowerCase();
  if (line === "nan") return Number.NaN;
  const [, sign] = /^([+-]?)inf(?:inity)?$/.exec(line) ?? [];
  if (sign !== undefined) return sign === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(line)) {
    throw reader.error("ERR_PICKLE_FORMAT", "FLOAT: the text is not a number");
  }
  return Number(line);
}

/** A whole number in two's complement, little-endian. */
export function readLong(reader: PickleReader, length: number): number | bigint {
  if (length > maxIntegerBytes) {
    const limit = `the limit is ${maxIntegerBytes}`;
    throw reader.error("ERR_PICKLE_LIMIT", `a whole number takes ${length} bytes; ${limit}`);
  }
  reader.charge(2 * length);
  const digits = Array.from(reader.take(length), (byte) => byte.toString(16).padStart(2, "0"));
  return shrink(BigInt.asIntN(8 * length, BigInt(`0x0${digits.toReversed().join("")}`)));
}

/** Python 2's `repr` of a string: quoted, with `\n`, `\x41`, `\\` and such. @returns its bytes */
export function readQuoted(reader: PickleReader): Uint8Array {
  const line = reader.lineBytes();
  const quote = line[0];
  const closed = line.length >= 2 && line.at(-1) === quote;
  if ((quote !== 0x22 && quote !== 0x27) || !closed) {
    throw reader.error("ERR_PICKLE_FORMAT", "STRING: the text is not in quotes");
  }
  return unescape(line.subarray(1, -1), reader.charge);
}

function unescape(text: Uint8Array, charge: Charge): Uint8Array {
  if (!text.includes(backslash)) return text;
  charge(text.length);
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== backslash) {
      bytes[length++] = text[at]!;
      continue;
    }
    const rest = latin1(text.subarray(at + 1, at + 4), charge);
    const [digits] = /^x[0-9a-fA-F]{2}|^[0-7]{1,3}/.exec(rest) ?? [];
    const named = digits ?? rest[0] ?? "";
    if (digits !== undefined) {
      bytes[length++] = digits.startsWith("x")
        ? Number.parseInt(digits.slice(1), 16)
        : Number.parseInt(digits, 8);
    } else if (escapes.has(named)) {
      bytes[length++] = escapes.get(named)!;
    } else {
      bytes[length++] = backslash; // Python keeps an escape that it does not know
      continue;
    }
    at += named.length;
  }
  return bytes.subarray(0, length);
}

const backslash = 0x5c;

const escapes = new Map(
  ["\\\\", "''", '""', "n\n", "r\r", "t\t", "a\x07", "b\b", "f\f", "v\v"].map(([name, value]) => [
    name!,
    value!.charCodeAt(0),
  ]),
);

/** Latin-1 with `\u1234` and `\U00012345` for the rest (Python's raw-unicode-escape). */
export function readRawUnicode(reader: PickleReader): string {
  const text = latin1(reader.lineBytes(), reader.charge);
  if (!text.includes("\\")) return text;
  return text.replace(/\\u([0-9a-fA-F]{4})|\\U(00[01][0-9a-fA-F]{5})/g, (whole, four, eight) => {
    const code = Number.parseInt((four ?? eight) as string, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** A number if it is exact, else a bigint. */
export function shrink(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
