import { choice, number, optional, type AttrsOf } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { sizeOf } from "../tensor/shape.js";
import {
  unaryFunctions,
  unaryNames,
  type UnaryFunction,
  type UnaryName,
  type UnaryParameters,
} from "./unary-functions.js";

const unaryAttrs = {
  function: choice(...unaryNames),
  /** Bounds of `clamp`. Absent: no bound. */
  min: optional(number()),
  max: optional(number()),
  /** Parameters of `softplus`. */
  beta: optional(number()),
  threshold: optional(number()),
};
type UnaryAttrs = AttrsOf<typeof unaryAttrs>;

const rowOf = (attrs: UnaryAttrs): UnaryFunction => unaryFunctions[attrs.function];

/** A function of `unaryFunctions` of every element. */
export const unaryOp = defineOp({
  name: "unary",
  role: "forward",
  meaning:
    "The function of each element, PyTorch's of that name. `min` and `max` bound `clamp`; `softplus` is `log(1 + exp(beta · x)) / beta`, and x where `beta · x > threshold`",
  inputs: {
    x: "float [...]",
  },
  outputs: {
    y: "float [...]",
  },
  attrs: unaryAttrs,
  inPlace: { y: ["x"] },
  shape: ({ x }) => ({ y: x }),
  gradient: ({ x, y, dy, attrs }) => ({
    x: unaryGradOp.trace({ dy, at: rowOf(attrs).byResult ? y : x }, attrs).dx,
  }),
  flops: ({ x }) => sizeOf(x.shape),
  reference({ x }, { y }, attrs) {
    const { value } = rowOf(attrs);
    for (let i = 0; i < y.data.length; i++) y.data[i] = value(x.data[i]!, attrs);
  },
});

/** Traces a function of every element. */
export const unary = (x: Tensor, name: UnaryName, parameters: UnaryParameters = {}): Tensor =>
  unaryOp.trace({ x }, { function: name, ...parameters }).y;

/** Gradient of `unary`, by x or by y: `UnaryFunction.byResult` says which one `at` is. */
export const unaryGradOp = defineOp({
  name: "unaryGrad",
  role: "gradient",
  meaning: `dy times the derivative of \`unary\`; \`at\` is y of ${unaryNames
    .filter((name) => (unaryFunctions[name] as UnaryFunction).byResult)
    .join(", ")}, and x of the others`,
  inputs: {
    dy: "float [...]",
    at: "float [...]",
  },
  outputs: {
    dx: "float [...]",
  },
  attrs: unaryAttrs,
  inPlace: { dx: ["dy", "at"] },
  gradient: null,
  shape: ({ dy }) => ({ dx: dy }),
  flops: ({ dy }) => 2 * sizeOf(dy.shape),
  reference({ dy, at }, { dx }, attrs) {
    const { gradient } = rowOf(attrs);
    for (let i = 0; i < dx.data.length; i++) dx.data[i] = gradient(dy.data[i]!, at.data[i]!, attrs);
  },
});
