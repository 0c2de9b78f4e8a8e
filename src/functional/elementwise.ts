import type { Tensor } from "../graph/tensor.js";
import { addOp } from "../ops/add.js";
import { binary } from "../ops/binary.js";
import type { BinaryName } from "../ops/binary-functions.js";
import { cast, isFloat } from "../ops/cast.js";
import { unary as unaryInMemory } from "../ops/unary.js";
import type { UnaryName, UnaryParameters } from "../ops/unary-functions.js";
import { where as whereInMemory } from "../ops/where.js";
import { ResnetError } from "../tensor/error.js";
import { sameShape } from "../tensor/shape.js";
import { aligned, finite, type Operand } from "./axes.js";

const unary = (x: Tensor, name: UnaryName, parameters?: UnaryParameters): Tensor =>
  unaryInMemory(isFloat(x) ? x : cast(x, "f32"), name, parameters);

type Unary = (x: Tensor) => Tensor;

/** `−x`. PyTorch's `neg`. */
export const neg: Unary = (x) => unary(x, "neg");
/** `|x|`; the gradient at 0 is 0. PyTorch's `abs`. */
export const abs: Unary = (x) => unary(x, "abs");
/** −1, 0 or 1; the gradient is 0. PyTorch's `sign`. */
export const sign: Unary = (x) => unary(x, "sign");
/** `x²`. PyTorch's `square`. */
export const square: Unary = (x) => unary(x, "square");
/** `1 / x`. PyTorch's `reciprocal`. */
export const reciprocal: Unary = (x) => unary(x, "reciprocal");
/** `√x`. PyTorch's `sqrt`. */
export const sqrt: Unary = (x) => unary(x, "sqrt");
/** `1 / √x`. PyTorch's `rsqrt`. */
export const rsqrt: Unary = (x) => unary(x, "rsqrt");
/** `eˣ`. PyTorch's `exp`. */
export const exp: Unary = (x) => unary(x, "exp");
/** `eˣ − 1`, exact near 0. PyTorch's `expm1`. */
export const expm1: Unary = (x) => unary(x, "expm1");
/** The natural logarithm. PyTorch's `log`. */
export const log: Unary = (x) => unary(x, "log");
/** `log(1 + x)`, exact near 0. PyTorch's `log1p`. */
export const log1p: Unary = (x) => unary(x, "log1p");
/** The sine of x in radians. PyTorch's `sin`. */
export const sin: Unary = (x) => unary(x, "sin");
/** The cosine of x in radians. PyTorch's `cos`. */
export const cos: Unary = (x) => unary(x, "cos");
/** The error function. PyTorch's `erf`. */
export const erf: Unary = (x) => unary(x, "erf");
/** `1 / (1 + e⁻ˣ)`. PyTorch's `sigmoid`. */
export const sigmoid: Unary = (x) => unary(x, "sigmoid");
/** The hyperbolic tangent. PyTorch's `tanh`. */
export const tanh: Unary = (x) => unary(x, "tanh");
/** `x · sigmoid(x)`, also called swish. PyTorch's `silu`. */
export const silu: Unary = (x) => unary(x, "silu");
/** `min(max(x + 3, 0), 6) / 6`. PyTorch's `hardsigmoid`. */
export const hardSigmoid: Unary = (x) => unary(x, "hardSigmoid");
/** `x · hardSigmoid(x)`. PyTorch's `hardswish`. */
export const hardSwish: Unary = (x) => unary(x, "hardSwish");
/** `min(max(x, 0), 6)`. PyTorch's `relu6`. */
export const relu6: Unary = (x) => unary(x, "relu6");

export interface GeluOptions {
  /** `tanh` for the approximation by a hyperbolic tangent. Default: the exact function. */
  readonly approximate?: "none" | "tanh";
}

/** x times the share of the standard normal distribution below x. PyTorch's `gelu(x, approximate=…)`. */
export const gelu = (x: Tensor, { approximate = "none" }: GeluOptions = {}): Tensor =>
  unary(x, approximate === "tanh" ? "geluTanh" : "gelu");

export interface SoftplusOptions {
  /** Default 1. */
  readonly beta?: number;
  /** x itself where `beta · x` is above. Default 20. */
  readonly threshold?: number;
}

/** `log(1 + exp(beta · x)) / beta`. PyTorch's `softplus(x, beta, threshold)`. */
export const softplus = (x: Tensor, options: SoftplusOptions = {}): Tensor =>
  unary(x, "softplus", options);

export interface ClampOptions {
  readonly min?: number;
  readonly max?: number;
}

/** `min(max(x, min), max)`; the gradient at a bound is that inside. PyTorch's `clamp(x, min, max)`. */
export const clamp = (x: Tensor, bounds: ClampOptions): Tensor => unary(x, "clamp", bounds);

/** A function of two operands that broadcast. */
function two(name: BinaryName, a: Operand, b: Operand): Tensor {
  const operands = [finite(a), finite(b)];
  const tensors = operands.filter((each): each is Tensor => typeof each !== "number");
  if (tensors.length === 0) {
    throw new ResnetError(
      "ERR_INPUT",
      `${name}: one of the operands must be a tensor, but they are ${Number(a)} and ${Number(b)}`,
    );
  }
  const ready = [...aligned(tensors)];
  const [left, right] = operands.map((each) => (typeof each === "number" ? each : ready.shift()!));
  return binary(name, left!, right!);
}

type Binary = (a: Operand, b: Operand) => Tensor;

/**
 * `a + b`, which broadcast as in NumPy: shapes are aligned at their last axes, and an axis of 1, or one that is missing, is repeated.
 * PyTorch's `add`.
 */
export function add(a: Operand, b: Operand): Tensor {
  if (typeof a === "number" || typeof b === "number" || !isFloat(a)) return two("add", a, b);
  // The op that the planner fuses into convolutions.
  const [x, y] = aligned([a, b]);
  return sameShape(x!.shape, y!.shape)
    ? addOp.trace({ a: x!, b: y! }, {}).y
    : binary("add", x!, y!);
}

/** `a − b`, broadcast. PyTorch's `sub`. */
export const sub: Binary = (a, b) => two("sub", a, b);
/** `a · b`, element by element, broadcast. PyTorch's `mul`. */
export const mul: Binary = (a, b) => two("mul", a, b);
/** `a / b`, broadcast. PyTorch's `div`. */
export const div: Binary = (a, b) => two("div", a, b);
/** `aᵇ`, broadcast; for the number 0.5 the root, which is NaN of −∞. PyTorch's `pow`. */
export function pow(a: Operand, b: Operand): Tensor {
  if (typeof a !== "number" && b === 0.5) return sqrt(a);
  return typeof a !== "number" && b === 2 ? square(a) : two("pow", a, b);
}
/** The larger of a and b, broadcast; NaN if either is. Equal ones share the gradient. PyTorch's `maximum`. */
export const maximum: Binary = (a, b) => two("maximum", a, b);
/** The smaller of a and b, broadcast; NaN if either is. Equal ones share the gradient. PyTorch's `minimum`. */
export const minimum: Binary = (a, b) => two("minimum", a, b);
/** 1 where `a = b`, else 0, broadcast. PyTorch's `eq`, as floats. */
export const equal: Binary = (a, b) => two("equal", a, b);
/** 1 where `a ≠ b`, else 0, broadcast. PyTorch's `ne`, as floats. */
export const notEqual: Binary = (a, b) => two("notEqual", a, b);
/** 1 where `a < b`, else 0, broadcast. PyTorch's `lt`, as floats. */
export const less: Binary = (a, b) => two("less", a, b);
/** 1 where `a ≤ b`, else 0, broadcast. PyTorch's `le`, as floats. */
export const lessEqual: Binary = (a, b) => two("lessEqual", a, b);
/** 1 where `a > b`, else 0, broadcast. PyTorch's `gt`, as floats. */
export const greater: Binary = (a, b) => two("greater", a, b);
/** 1 where `a ≥ b`, else 0, broadcast. PyTorch's `ge`, as floats. */
export const greaterEqual: Binary = (a, b) => two("greaterEqual", a, b);

/** a where the condition is not 0, else b; all broadcast. The gradient of the one that is not taken is 0. PyTorch's `where`. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  const operands = [condition, finite(a), finite(b)];
  const ready = [...aligned(operands.filter((each): each is Tensor => typeof each !== "number"))];
  const [first, left, right] = operands.map((each) =>
    typeof each === "number" ? each : ready.shift()!,
  );
  return whereInMemory(first as Tensor, left!, right!);
}
