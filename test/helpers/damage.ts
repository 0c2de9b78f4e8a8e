import fc from "fast-check";

/** A share of the file. No `fc.double`: nearly all of its numbers are nearly 0. */
const place = fc.integer({ min: 0, max: 999_999 }).map((millionths) => millionths / 1e6);

/** Up to four changes of a file: a byte set, bytes cut out, or bytes put in. */
export const damage = fc.array(
  fc.record({
    at: place,
    kind: fc.constantFrom("set", "cut", "insert", "end"),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  }),
  { minLength: 1, maxLength: 4 },
);

/** One byte set, which many a reader does not notice. */
export const slightDamage: typeof damage = fc.tuple(
  fc.record({
    at: place,
    kind: fc.constant("set"),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 1 }),
  }),
);

type Damage = (typeof damage extends fc.Arbitrary<infer T> ? T : never)[number];

/** The file with these changes, one after the other. */
export function damaged(file: Uint8Array, changes: readonly Damage[]): Uint8Array {
  return changes.reduce<Buffer>((bytes, change) => {
    const at = Math.floor(change.at * bytes.length);
    const behind = { set: change.bytes.length, cut: 16, insert: 0, end: bytes.length }[change.kind];
    const put = change.kind === "set" || change.kind === "insert" ? change.bytes : [];
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(put), bytes.subarray(at + behind)]);
  }, Buffer.from(file));
}
