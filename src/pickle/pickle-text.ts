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
