import type { Charge } from "./pickle-globals.js";

/** An estimate of the memory that V8 takes for an entry, in bytes. */
const entryBytes = 64;

/**
 * A Python dict, in order of insertion. Keys of bytes become text (Latin-1), and equal numbers are one key, as in
 * Python. Objects, including tuples, are compared by identity.
 *
 * A plain Map would not do: V8 hashes numbers, big integers and texts of digits by their value alone, so a file
 * could choose keys that all collide, and each lookup would visit every entry. Here such keys become text that V8
 * hashes with a secret seed.
 */
export class PickleDict implements ReadonlyMap<unknown, unknown> {
  readonly #entries = new Map<unknown, { readonly key: unknown; value: unknown }>();

  /** Adds or replaces an entry. The charge covers its memory, and hashing and comparing the key. */
  set(rawKey: unknown, value: unknown, charge: Charge): void {
    const key = asText(rawKey, charge) ?? rawKey;
    const hashed = hashable(key);
    charge(entryBytes + (typeof hashed === "string" ? hashed.length : 0));
    const entry = this.#entries.get(hashed);
    if (entry) entry.value = value;
    else this.#entries.set(hashed, { key, value });
  }

  get(key: unknown): unknown {
    return this.#entries.get(hashable(key))?.value;
  }

  has(key: unknown): boolean {
    return this.#entries.has(hashable(key));
  }

  get size(): number {
    return this.#entries.size;
  }

  *entries(): MapIterator<[unknown, unknown]> {
    for (const { key, value } of this.#entries.values()) yield [key, value];
  }

  *keys(): MapIterator<unknown> {
    for (const { key } of this.#entries.values()) yield key;
  }

  *values(): MapIterator<unknown> {
    for (const { value } of this.#entries.values()) yield value;
  }

  [Symbol.iterator](): MapIterator<[unknown, unknown]> {
    return this.entries();
  }

  forEach(visit: (value: unknown, key: unknown, map: this) => void): void {
    for (const [key, value] of this) visit(value, key, this);
  }
}

/** A key whose hash depends on a secret of the process: text that does not begin with a digit, or an object. */
function hashable(key: unknown): unknown {
  if (typeof key === "string") return `"${key}`;
  if (typeof key === "number" || typeof key === "bigint") return `#${key}`;
  return typeof key === "boolean" ? `#${Number(key)}` : key;
}

/** Bytes as text, one character each, as the strings of Python 2 are read. */
export function latin1(bytes: Uint8Array, charge: Charge): string {
  charge(bytes.length);
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}

/** The text of a `str` of Python 3, or of Python 2, which is stored as bytes. Null for any other value. */
export function asText(value: unknown, charge: Charge): string | null {
  if (typeof value === "string") return value;
  return value instanceof Uint8Array ? latin1(value, charge) : null;
}
