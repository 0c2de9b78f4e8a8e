import { choice, number, optional } from "../graph/attributes.js";
import { defineOp, type Values } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { ResnetError } from "../tensor/error.js";
import { sizeOf } from "../tensor/shape.js";
import { binaryFunctions, binaryNames, type BinaryName } from "./binary-functions.js";
import { constant } from "./constant.js";
import { broadcastShapes, broadcastStrides, walk } from "./broadcast-shapes.js";
import { sumTo } from "./reduce.js";
import { checkDType } from "./stored.js";
import { unary } from "./unary.js";
import { where } from "./where.js";

/** A function of two operands that broadcast. A number stands for either of them. */
export type Operand = Tensor | number;

/**
 * A function of `binaryFunctions` of each element of a and b, which broadcast; the operand that is absent is the number `scalar`.
 * Results are as a number of more digits gives them: `scalar` is not rounded to bf16.
 */
export const binaryOp = defineOp({
  name: "binary",
  role: "forward",
  meaning:
    "The function of a and b, which broadcast; `scalar` stands for the one that is absent. Comparisons give 1 or 0",
  inputs: {
    "a?": "float [*]",
    "b?": "float [*]",
  },
  outputs: {
    y: "float [*]",
  },
  attrs: { function: choice(...binaryNames), scalar: optional(number()) },
  inPlace: { y: ["a", "b"] },
  shape({ a, b }, { function: name, scalar }) {
    const given = a ?? b;
    if (!given || (a && b ? 1 : 0) === (scalar === undefined ? 0 : 1)) {
      throw new ResnetError(
        "ERR_ATTRIBUTE",
        `${name}: takes two tensors, or a tensor and a number`,
      );
    }
    if (!a || !b) return { y: given };
    checkDType(name, ["a", a], ["b", b]);
    const shape = broadcastShapes(name, { a: a.shape, b: b.shape });
    return { y: a.shape.length >= b.shape.length ? { ...a, shape } : { ...b, shape } };
  },
  gradient({ a, b, y, dy, attrs: { function: name, scalar } }) {
    const rule = gradientRules[name];
    if (!rule) return {};
    const of = { a: a ?? scalar!, b: b ?? scalar!, y, dy };
    return {
      ...(a && { a: sumTo(rule.a(of), a.shape) }),
      ...(b && { b: sumTo(rule.b(of), b.shape) }),
    };
  },
  flops: (_, { y }) => sizeOf(y.shape),
  reference({ a, b }, { y }, { function: name, scalar }) {
    const compute = binaryFunctions[name];
    const one: Values = { shape: [], data: Float64Array.of(scalar ?? 0) };
    const [left, right] = [a ?? one, b ?? one];
    const strides = [left, right].map((operand) => broadcastStrides(operand.shape, y.shape));
    walk(y.shape, strides, (i, [atA, atB]) => {
      y.data[i] = compute(left.data[atA!]!, right.data[atB!]!);
    });
  },
});

/** Traces a function of a and b, which broadcast; at least one is a tensor. */
export function binary(name: BinaryName, a: Operand, b: Operand): Tensor {
  const tensors = {
    a: typeof a === "number" ? undefined : a,
    b: typeof b === "number" ? undefined : b,
  };
  const scalar = typeof a === "number" ? a : typeof b === "number" ? b : undefined;
  return binaryOp.trace(tensors, { function: name, ...(scalar !== undefined && { scalar }) }).y;
}

const mul = (a: Operand, b: Operand): Tensor => binary("mul", a, b);

interface Differentiated {
  readonly a: Operand;
  readonly b: Operand;
  readonly y: Tensor;
  readonly dy: Tensor;
}

interface GradientRule {
  readonly a: (of: Differentiated) => Tensor;
  readonly b: (of: Differentiated) => Tensor;
}

/** dy where `first` wins; half of it where both are equal; 0 where the other wins. NaN wins. */
const shareOf = ({ a, b, dy }: Differentiated, losing: BinaryName): Tensor => {
  const half = where(binary("equal", a, b), mul(dy, 0.5), dy);
  return where(binary(losing, a, b), 0, half);
};

/**
 * The gradients by a and b before the sum over repeated axes: PyTorch's formulas. Comparisons have none: they count as constants.
 *
 *     pow   da = dy · b · a^(b−1), 0 where b is 0;   db = dy · y · log a, 0 where a is 0 and b is not negative
 */
const gradientRules: Partial<Readonly<Record<BinaryName, GradientRule>>> = {
  add: { a: ({ dy }) => dy, b: ({ dy }) => dy },
  sub: { a: ({ dy }) => dy, b: ({ dy }) => unary(dy, "neg") },
  mul: { a: ({ b, dy }) => mul(dy, b), b: ({ a, dy }) => mul(dy, a) },
  div: {
    a: ({ b, dy }) => binary("div", dy, b),
    b: ({ b, y, dy }) => mul(unary(dy, "neg"), binary("div", y, b)),
  },
  pow: {
    a({ a, b, dy }) {
      if (b === 0) return constant(0, dy.shape, dy.dtype);
      if (typeof b === "number") return mul(dy, mul(binary("pow", a, b - 1), b));
      const slope = mul(b, binary("pow", a, binary("sub", b, 1)));
      return where(binary("equal", b, 0), 0, mul(dy, slope));
    },
    b({ a, b, y, dy }) {
      const base = typeof a === "number" ? constant(a, [], dy.dtype) : a;
      const isZero = mul(binary("equal", base, 0), binary("greaterEqual", b, 0));
      return where(isZero, 0, mul(dy, mul(y, unary(base, "log"))));
    },
  },
  maximum: { a: (of) => shareOf(of, "less"), b: (of) => shareOf(of, "greater") },
  minimum: { a: (of) => shareOf(of, "greater"), b: (of) => shareOf(of, "less") },
};
