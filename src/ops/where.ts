import { number, optional } from "../graph/attributes.js";
import { defineOp, type Values } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { ResnetError } from "../tensor/error.js";
import { sizeOf } from "../tensor/shape.js";
import { broadcastShapes, broadcastStrides, walk } from "./broadcast-shapes.js";
import { sumTo } from "./reduce.js";
import { checkDType } from "./stored.js";

/** `condition ? a : b` of each element; all three broadcast, and a number may stand for a or b. NaN is a condition that holds. */
export const whereOp = defineOp({
  name: "where",
  role: "forward",
  meaning:
    "`condition ≠ 0 ? a : b`; all broadcast, and `scalarA` and `scalarB` stand for operands that are absent",
  inputs: {
    condition: "float [*]",
    "a?": "float [*]",
    "b?": "float [*]",
  },
  outputs: {
    y: "float [*]",
  },
  attrs: { scalarA: optional(number()), scalarB: optional(number()) },
  inPlace: { y: ["condition", "a", "b"] },
  shape({ condition, a, b }, { scalarA, scalarB }) {
    if (
      (a === undefined) === (scalarA === undefined) ||
      (b === undefined) === (scalarB === undefined)
    )
      throw new ResnetError(
        "ERR_ATTRIBUTE",
        "where: takes a tensor or a number for each of a and b",
      );
    const given = Object.entries({ condition, a, b }).flatMap(([name, spec]) =>
      spec ? [[name, spec] as const] : [],
    );
    for (const other of given) checkDType("where", ["condition", condition], other);
    const shapes = given.map(([name, { shape }]) => [name, shape] as const);
    const shape = broadcastShapes("where", Object.fromEntries(shapes));
    const largest = given.find(([, spec]) => spec.shape.length === shape.length)![1];
    return { y: { ...largest, shape } };
  },
  gradient: ({ condition, a, b, dy }) => ({
    ...(a && { a: sumTo(where(condition, dy, 0), a.shape) }),
    ...(b && { b: sumTo(where(condition, 0, dy), b.shape) }),
  }),
  flops: (_, { y }) => sizeOf(y.shape),
  reference({ condition, a, b }, { y }, { scalarA = 0, scalarB = 0 }) {
    const scalar = (value: number): Values => ({ shape: [], data: Float64Array.of(value) });
    const operands = [condition, a ?? scalar(scalarA), b ?? scalar(scalarB)] as const;
    const strides = operands.map(({ shape }) => broadcastStrides(shape, y.shape));
    walk(y.shape, strides, (i, [atCondition, atA, atB]) => {
      const holds = condition.data[atCondition!] !== 0;
      y.data[i] = holds ? operands[1].data[atA!]! : operands[2].data[atB!]!;
    });
  },
});

/** Traces `condition ? a : b`. */
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  const tensor = (value: Tensor | number): Tensor | undefined =>
    typeof value === "number" ? undefined : value;
  return whereOp.trace(
    { condition, a: tensor(a), b: tensor(b) },
    {
      ...(typeof a === "number" && { scalarA: a }),
      ...(typeof b === "number" && { scalarB: b }),
    },
  ).y;
}
