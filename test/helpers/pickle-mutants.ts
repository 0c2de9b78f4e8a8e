/** Mutants of a pickle that are pickles in form: whole operations are changed, so that most get past the first checks. */
import { uniform, type RandomKey } from "../../src/tensor/random.js";

/** How many bytes follow an operation: a number, or the operand that holds the length or ends with a line. */
const operands: Readonly<Record<string, number | "line" | "two lines" | "u8" | "u32" | "u64">> = {
  ...Object.fromEntries("FILSVPgp".split("").map((code) => [code, "line"])),
  ...Object.fromEntries("ci".split("").map((code) => [code, "two lines"])),
  ...Object.fromEntries("UC\x8a\x8c".split("").map((code) => [code, "u8"])),
  ...Object.fromEntries("TXB\x8b".split("").map((code) => [code, "u32"])),
  ...Object.fromEntries("\x8d\x8e\x96".split("").map((code) => [code, "u64"])),
  ...Object.fromEntries("Khq\x80".split("").map((code) => [code, 1])),
  M: 2,
  J: 4,
  j: 4,
  r: 4,
  G: 8,
  "\x95": 8,
};

/** The operations of a pickle, each with its operand, in Latin-1. */
export function operationsOf(pickle: Uint8Array): string[] {
  const text = Buffer.from(pickle).toString("latin1");
  const view = new DataView(pickle.buffer, pickle.byteOffset, pickle.byteLength);
  const operations: string[] = [];
  for (let at = 0; at < text.length;) {
    const operand = operands[text[at]!] ?? 0;
    let end = at + 1;
    if (operand === "line") end = text.indexOf("\n", end) + 1;
    else if (operand === "two lines") end = text.indexOf("\n", text.indexOf("\n", end) + 1) + 1;
    else if (operand === "u8") end += 1 + view.getUint8(end);
    else if (operand === "u32") end += 4 + view.getUint32(end, true);
    else if (operand === "u64") end += 8 + Number(view.getBigUint64(end, true));
    else end += operand;
    operations.push(text.slice(at, end));
    at = end;
  }
  return operations;
}

/** Numbers at the edges, long and odd texts, and pieces that are well-formed by themselves. */
const fragments: readonly string[] = [
  "J\xff\xff\xff\xff",
  "J\xff\xff\xff\x7f",
  "\x8a\x08\0\0\0\0\0\0\x20\0", // 2^53
  `\x8a\x10${"\x01".repeat(16)}`, // beyond 64 bits
  "K\0",
  "N",
  "\x88",
  "G\x7f\xf8\0\0\0\0\0\0", // NaN
  "X\0\0\0\0",
  `X\0\x08\0\0${"x".repeat(2048)}`,
  `T\0\x08\0\0${"x".repeat(2048)}`,
  "]",
  "}",
  ")",
  "(",
  "0",
  "2",
  "\x85",
  "\x86",
  "t",
  "e",
  "u",
  "b",
  "R",
  "Q",
  "\x81",
  "\x8f",
  "ca\nB\n",
  "ca\nB\n)\x81",
  "ccollections\nOrderedDict\n)R",
  "ccollections\nCounter\n}\x85R",
  "ctorch\nSize\n]\x85R",
  "ctorch\nFloatStorage\n",
];

/** A pickle with up to four operations dropped, repeated, moved, replaced or put in. Calls `i` draws the same mutant again. */
export function pickleMutant(operations: readonly string[], key: RandomKey, i: number): Buffer {
  let drawn = 0;
  const draw = (below: number): number => Math.floor(uniform(key, 64 * i + drawn++) * below);
  const mutant = [...operations];
  for (let changes = 1 + draw(4); changes > 0; changes--) {
    const at = 1 + draw(mutant.length - 2); // neither PROTO nor STOP
    const other = mutant[draw(mutant.length)]!;
    const fragment = fragments[draw(fragments.length)]!;
    const stretch = mutant.slice(at, at + 1 + draw(12));
    const kind = draw(6);
    if (kind === 0) mutant.splice(at, 1);
    if (kind === 1) mutant.splice(at, 1, fragment);
    if (kind === 2) mutant.splice(at, 0, fragment);
    if (kind === 3) mutant.splice(at, 1, other);
    if (kind === 4) mutant.splice(at, stretch.length, ...stretch.toReversed());
    if (kind === 5)
      mutant.splice(at, 0, ...Array.from({ length: draw(200) }, () => stretch).flat());
  }
  return Buffer.from(mutant.join(""), "latin1");
}
