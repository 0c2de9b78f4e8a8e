import { integer } from "../graph/attributes.js";
import { defineOp, type Operands, type Values } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { ShapeError, sizeOf, type Shape, type TensorSpec } from "../tensor/shape.js";
import { slice } from "./slice.js";

const names = ["x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"] as const;
/** Tensors that one instruction joins; more are joined in several. */
export const mostJoined = names.length;

type Name = "x0" | "x1?" | "x2?" | "x3?" | "x4?" | "x5?" | "x6?" | "x7?";

/** Tensors one behind the other along an axis. */
export const concatOp = defineOp({
  name: "concat",
  role: "forward",
  meaning: "The tensors one behind the other along `axis`",
  inputs: {
    x0: "any [*]",
    "x1?": "any [*]",
    "x2?": "any [*]",
    "x3?": "any [*]",
    "x4?": "any [*]",
    "x5?": "any [*]",
    "x6?": "any [*]",
    "x7?": "any [*]",
  },
  outputs: {
    y: "any [*]",
  },
  attrs: { axis: integer({ least: 0 }) },
  shape(operands, { axis }) {
    const given = listed(operands);
    const first = operands.x0;
    for (const [name, other] of given) checkJoined([first, other], name, axis);
    const sum = given.reduce((total, [, { shape }]) => total + shape[axis]!, 0);
    return { y: { ...first, shape: first.shape.map((size, i) => (i === axis ? sum : size)) } };
  },
  gradient({ dy, attrs: { axis }, ...operands }) {
    let start = 0;
    return Object.fromEntries(
      listed<Tensor>(operands).map(([name, { shape }]) => {
        const starts = shape.map((_, i) => (i === axis ? start : 0));
        start += shape[axis]!;
        return [name, slice(dy, shape, { starts, steps: shape.map(() => 1) })];
      }),
    );
  },
  flops: () => 0,
  reference(operands, { y }, { axis }) {
    const behind = sizeOf(y.shape.slice(axis));
    let start = 0;
    for (const [, { shape, data }] of listed<Values>(operands)) {
      const run = sizeOf(shape.slice(axis));
      for (let from = 0, to = start; from < data.length; from += run, to += behind)
        for (let i = 0; i < run; i++) y.data[to + i] = data[from + i]!;
      start += run;
    }
  },
});

/** The operands that are there, in their order. */
const listed = <T>(operands: Operands<Name, T>): (readonly [name: string, operand: T])[] =>
  names.flatMap((name) => {
    const operand = operands[name];
    return operand === undefined ? [] : [[name, operand] as const];
  });

function checkJoined(
  [first, other]: readonly [TensorSpec, TensorSpec],
  name: string,
  axis: number,
): void {
  const sizes = ({ shape }: { shape: Shape }): string =>
    shape.map((size, i) => (i === axis ? "" : size)).join();
  if (first.dtype === other.dtype && axis < first.shape.length && sizes(first) === sizes(other))
    return;
  throw new ShapeError("concat", `x0 and ${name} may differ only along axis ${axis}`, {
    x0: { shape: first.shape, axes: first.dtype },
    [name]: { shape: other.shape, axes: other.dtype },
  });
}

/** Traces the tensors, one behind the other along an axis of memory. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  const [x0, ...others] = tensors.slice(0, mostJoined);
  const rest = tensors.slice(mostJoined);
  const operands = Object.fromEntries(others.map((tensor, i) => [names[i + 1]!, tensor]));
  const joined = concatOp.trace({ x0: x0!, ...operands }, { axis }).y;
  return rest.length === 0 ? joined : concat([joined, ...rest], axis);
}
