import type { BinaryName } from "../../../ops/binary-functions.js";

const choice = (condition: string): string => `select(0.0, 1.0, ${condition})`;

/** The functions of `ops/binary-functions.ts` in WGSL, of `a` and `b`. */
export const binaryTable: Readonly<Record<BinaryName, string>> = {
  add: "a + b",
  sub: "a - b",
  mul: "a * b",
  div: "a / b",
  pow: "powOf(a, b)",
  maximum: "largerOf(a, b)",
  minimum: "smallerOf(a, b)",
  equal: choice("a == b"),
  // Not `a != b`, which may be false of NaN.
  notEqual: "select(1.0, 0.0, a == b)",
  less: choice("a < b"),
  lessEqual: choice("a <= b"),
  greater: choice("a > b"),
  greaterEqual: choice("a >= b"),
};

/** Functions that rows and reductions call: the first NaN wins. */
export const binaryHelpers = {
  largerOf:
    "fn largerOf(a: f32, b: f32) -> f32 { return select(select(select(a, b, a < b), b, isNan(b)), a, isNan(a)); }",
  smallerOf:
    "fn smallerOf(a: f32, b: f32) -> f32 { return select(select(select(a, b, b < a), b, isNan(b)), a, isNan(a)); }",
};
