/** Bytes as text, one character each: how Python 2's strings are read. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}

/** Text of either Python: 3's `str`, or 2's, which comes as bytes. Null if `value` is neither. */
export function asText(value: unknown): string | null {
  if (typeof value === "string") return value;
  return value instanceof Uint8Array ? latin1(value) : null;
}

/** A name out of a file, safe to print: on one line, and not long. */
export function printable(name: string): string {
  const shown = name.length > 100 ? `${name.slice(0, 100)}…` : name;
  // oxlint-disable-next-line no-control-regex
  return shown.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/g, "?");
}
