import type { UnaryName } from "../../../ops/unary-functions.js";

/** A row in WGSL: the value of `x` with the parameters `p` and `q`, and the gradient of `dy` and `x`, or y where the op passes it. */
interface UnaryRow {
  readonly value: string;
  readonly gradient: string;
  /** Names of the parameters, first p, then q, with what stands for those that are absent. */
  readonly parameters?: readonly (readonly [name: string, absent: number])[];
}

const hardSixth = "bounded(x + 3.0, 0.0, 6.0) / 6.0";
const sigmoid = "(1.0 / (1.0 + expOf(-x)))";
const normalIntegral = "(0.5 * (1.0 + erfOf(x * 0.70710678118654752f)))";
const geluInner = "(0.79788456080286536f * (x + 0.044715f * x * x * x))";

/** The functions of `ops/unary-functions.ts`. */
export const unaryTable: Readonly<Record<UnaryName, UnaryRow>> = {
  neg: { value: "-x", gradient: "-dy" },
  abs: { value: "abs(x)", gradient: "dy * signOf(x)" },
  sign: { value: "signOf(x)", gradient: "0.0" },
  square: { value: "x * x", gradient: "dy * 2.0 * x" },
  reciprocal: { value: "1.0 / x", gradient: "-dy * x * x" },
  sqrt: { value: "sqrt(x)", gradient: "dy / (2.0 * x)" },
  rsqrt: { value: "1.0 / sqrt(x)", gradient: "-0.5 * dy * x * x * x" },
  exp: { value: "expOf(x)", gradient: "dy * x" },
  expm1: { value: "expm1Of(x)", gradient: "dy * (x + 1.0)" },
  log: { value: "logOf(x)", gradient: "dy / x" },
  log1p: { value: "log1pOf(x)", gradient: "dy / (x + 1.0)" },
  sin: { value: "sinOf(x)", gradient: "dy * cosOf(x)" },
  cos: { value: "cosOf(x)", gradient: "-dy * sinOf(x)" },
  erf: { value: "erfOf(x)", gradient: "dy * 1.12837916709551257f * expOf(-x * x)" },
  sigmoid: { value: sigmoid, gradient: "dy * (1.0 - x) * x" },
  tanh: { value: "tanhOf(x)", gradient: "dy * (1.0 - x * x)" },
  silu: {
    value: "x / (1.0 + expOf(-x))",
    gradient: `dy * ${sigmoid} * (1.0 + x * (1.0 - ${sigmoid}))`,
  },
  gelu: {
    value: `x * ${normalIntegral}`,
    gradient: `dy * (${normalIntegral} + x * 0.39894228040143268f * expOf(-0.5 * x * x))`,
  },
  // (1 + tanh(u)) / 2 is 1 / (1 + e^(−2u)).
  geluTanh: {
    value: `x / (1.0 + expOf(-2.0 * ${geluInner}))`,
    gradient: `dy * geluTanhSlope(x, ${geluInner})`,
  },
  hardSigmoid: { value: hardSixth, gradient: "select(0.0, dy / 6.0, x > -3.0 && x < 3.0)" },
  hardSwish: {
    value: `x * ${hardSixth}`,
    gradient: "select(select(dy, dy * (x / 3.0 + 0.5), x < 3.0), 0.0, x <= -3.0)",
  },
  relu6: { value: "bounded(x, 0.0, 6.0)", gradient: "select(dy, 0.0, x <= 0.0 || x >= 6.0)" },
  softplus: {
    value: "softplusOf(x, p, q)",
    gradient: "select(dy / (1.0 + expOf(-x * p)), dy, x * p > q)",
    parameters: [
      ["beta", 1],
      ["threshold", 20],
    ],
  },
  clamp: {
    value: "bounded(x, p, q)",
    gradient: "select(0.0, dy, x >= p && x <= q)",
    parameters: [
      ["min", -Infinity],
      ["max", Infinity],
    ],
  },
};

/** Functions that only rows call. */
export const unaryHelpers = {
  signOf: "fn signOf(x: f32) -> f32 { return select(select(0.0, -1.0, x < 0.0), 1.0, x > 0.0); }",
  geluTanhSlope: `fn geluTanhSlope(x: f32, u: f32) -> f32 {
  let slope = 0.79788456080286536f * (1.0 + 3.0 * 0.044715f * x * x);
  let e = expOf(-2.0 * abs(u));
  return 1.0 / (1.0 + expOf(-2.0 * u)) + 2.0 * x * slope * (e / ((1.0 + e) * (1.0 + e)));
}`,
  // log(1 + e^(beta·x)) / beta, which must not overflow; x itself above the threshold.
  softplusOf: `fn softplusOf(x: f32, beta: f32, threshold: f32) -> f32 {
  let scaled = x * beta;
  let soft = (select(0.0, scaled, scaled > 0.0) + log1pOf(expOf(-abs(scaled)))) / beta;
  return select(soft, x, scaled > threshold);
}`,
};
