import { erf } from "./erf.js";

/** The constants of `clamp` and `softplus`; the other functions have none. */
export interface UnaryParameters {
  readonly min?: number;
  readonly max?: number;
  readonly beta?: number;
  readonly threshold?: number;
}

/** A function of one number and its derivative: a row of the table that every executor has. */
export interface UnaryFunction {
  /** PyTorch's value, also of NaN, infinities and -0. */
  value(x: number, parameters: UnaryParameters): number;
  /** Whether `gradient` takes the result y instead of x. */
  readonly byResult?: true;
  /** The gradient by x of a loss whose gradient by y is dy; `at` is x, or y where `byResult`. As PyTorch's, also where it has a kink. */
  gradient(dy: number, at: number, parameters: UnaryParameters): number;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const hardSix = (x: number): number => clamp(x + 3, 0, 6) / 6;
/** NaN stays NaN. */
const clamp = (x: number, min: number, max: number): number => Math.min(Math.max(x, min), max);
/** The standard normal distribution: its integral up to x, and its density. */
const normalIntegral = (x: number): number => 0.5 * (1 + erf(x * Math.SQRT1_2));
const normalDensity = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
/** `√(2/π) · (x + 0.044715 x³)`, whose hyperbolic tangent is near `erf(x / √2)`. */
const geluInner = (x: number): number => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
const softplusIsLinear = (x: number, { beta = 1, threshold = 20 }: UnaryParameters): boolean =>
  x * beta > threshold;

/**
 * The functions of the ops `unary` and `unaryGrad`, by name. `native/kernels/unary.cc` has the same table.
 *
 * GELU: Hendrycks and Gimpel 2016, arXiv:1606.08415. SiLU: Elfwing et al. 2017, arXiv:1702.03118. Hard swish and hard sigmoid: Howard et
 * al. 2019, arXiv:1905.02244.
 */
export const unaryFunctions = {
  neg: { value: (x) => -x, gradient: (dy) => -dy },
  abs: { value: Math.abs, gradient: (dy, x) => dy * (Number(x > 0) - Number(x < 0)) },
  sign: { value: (x) => Number(x > 0) - Number(x < 0), gradient: () => 0 },
  square: { value: (x) => x * x, gradient: (dy, x) => dy * 2 * x },
  reciprocal: { value: (x) => 1 / x, byResult: true, gradient: (dy, y) => -dy * y * y },
  sqrt: { value: Math.sqrt, byResult: true, gradient: (dy, y) => dy / (2 * y) },
  rsqrt: {
    value: (x) => 1 / Math.sqrt(x),
    byResult: true,
    gradient: (dy, y) => -0.5 * dy * y * y * y,
  },
  exp: { value: Math.exp, byResult: true, gradient: (dy, y) => dy * y },
  expm1: { value: Math.expm1, byResult: true, gradient: (dy, y) => dy * (y + 1) },
  log: { value: Math.log, gradient: (dy, x) => dy / x },
  log1p: { value: Math.log1p, gradient: (dy, x) => dy / (x + 1) },
  sin: { value: Math.sin, gradient: (dy, x) => dy * Math.cos(x) },
  cos: { value: Math.cos, gradient: (dy, x) => -dy * Math.sin(x) },
  erf: {
    value: erf,
    gradient: (dy, x) => dy * (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x),
  },
  sigmoid: { value: sigmoid, byResult: true, gradient: (dy, y) => dy * (1 - y) * y },
  tanh: { value: Math.tanh, byResult: true, gradient: (dy, y) => dy * (1 - y * y) },
  silu: {
    value: (x) => x * sigmoid(x),
    gradient: (dy, x) => dy * sigmoid(x) * (1 + x * (1 - sigmoid(x))),
  },
  gelu: {
    value: (x) => x * normalIntegral(x),
    gradient: (dy, x) => dy * (normalIntegral(x) + x * normalDensity(x)),
  },
  geluTanh: {
    value: (x) => 0.5 * x * (1 + Math.tanh(geluInner(x))),
    gradient(dy, x) {
      const tanh = Math.tanh(geluInner(x));
      const slope = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
      return dy * 0.5 * (1 + tanh + x * (1 - tanh * tanh) * slope);
    },
  },
  hardSigmoid: {
    value: hardSix,
    gradient: (dy, x) => (x > -3 && x < 3 ? dy / 6 : 0),
  },
  hardSwish: {
    value: (x) => x * hardSix(x),
    gradient: (dy, x) => (x <= -3 ? 0 : x < 3 ? dy * (x / 3 + 0.5) : dy),
  },
  relu6: {
    value: (x) => clamp(x, 0, 6),
    gradient: (dy, x) => (x <= 0 || x >= 6 ? 0 : dy),
  },
  softplus: {
    value(x, parameters) {
      const { beta = 1 } = parameters;
      return softplusIsLinear(x, parameters) ? x : Math.log1p(Math.exp(x * beta)) / beta;
    },
    gradient: (dy, x, parameters) =>
      softplusIsLinear(x, parameters) ? dy : dy * sigmoid(x * (parameters.beta ?? 1)),
  },
  clamp: {
    value: (x, { min = -Infinity, max = Infinity }) => clamp(x, min, max),
    gradient: (dy, x, { min = -Infinity, max = Infinity }) => (x >= min && x <= max ? dy : 0),
  },
} as const satisfies Readonly<Record<string, UnaryFunction>>;

export type UnaryName = keyof typeof unaryFunctions;

export const unaryNames = Object.keys(unaryFunctions) as readonly UnaryName[];
