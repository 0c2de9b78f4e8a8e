/** `a^b` as C has it: 1 where a is 1 or b is 0, whatever the other is; JavaScript makes NaN of some of these. */
const pow = (a: number, b: number): number => (a === 1 || b === 0 ? 1 : absolutePower(a, b));
/** `(−1)^±∞` is 1 in C. */
const absolutePower = (a: number, b: number): number =>
  a === -1 && Math.abs(b) === Infinity ? 1 : a ** b;

/**
 * The functions of the op `binary`, by name, of two numbers. Comparisons give 1 or 0. `native/kernels/binary.cc` has the same table.
 *
 * NaN in `maximum` and `minimum` gives NaN, and in comparisons 0, but 1 in `notEqual`, all as in PyTorch.
 */
export const binaryFunctions = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow,
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
  equal: (a, b) => Number(a === b),
  notEqual: (a, b) => Number(a !== b),
  less: (a, b) => Number(a < b),
  lessEqual: (a, b) => Number(a <= b),
  greater: (a, b) => Number(a > b),
  greaterEqual: (a, b) => Number(a >= b),
} as const satisfies Readonly<Record<string, (a: number, b: number) => number>>;

export type BinaryName = keyof typeof binaryFunctions;

export const binaryNames = Object.keys(binaryFunctions) as readonly BinaryName[];
