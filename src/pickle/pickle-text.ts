import type { Charge } from "./pickle-globals.js";

/** Bytes as text, one character each, as the strings of Python 2 are read. */
export function latin1(bytes: Uint8Array, charge: Charge): string {
  charge(bytes.length);
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}

/** Text of either Python: the `str` of Python 3, or that of Python 2, which comes as bytes. Null for any other value. */
export function asText(value: unknown, charge: Charge): string | null {
  if (typeof value === "string") return value;
  return value instanceof Uint8Array ? latin1(value, charge) : null;
}
