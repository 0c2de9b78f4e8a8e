import { text } from "../graph/attributes.js";
import { defineOp, type Operands, type Values } from "../graph/define-op.js";
import { bf16Bits, decodeBf16 } from "../tensor/bf16.js";
import { ResnetError } from "../tensor/error.js";
import { sizeOf } from "../tensor/shape.js";
import { broadcastShapes, broadcastStrides, walk } from "./broadcast-shapes.js";
import { parseSteps, runSteps } from "./elementwise-steps.js";
import { checkDType } from "./stored.js";

const names = ["x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"] as const;
type Name = "x0" | "x1?" | "x2?" | "x3?" | "x4?" | "x5?" | "x6?" | "x7?";
/** Operands that one instruction takes. */
export const mostOperands = names.length;

/** Several elementwise functions in one pass over memory: what the planner makes of chains of them. */
export const elementwiseOp = defineOp({
  name: "elementwise",
  role: "forward",
  meaning:
    "`steps` one after the other for each element, such as `mul x0 x1; silu t0; add t1 0.5`: functions of `unary`, `binary` and `where`, and of `unaryGrad` with `Grad` behind the name; t0, t1 … are the results of steps, in the dtype of y, and the last one is y. The operands broadcast; `clamp` and `softplus` have their two parameters behind x",
  inputs: {
    x0: "float [*]",
    "x1?": "float [*]",
    "x2?": "float [*]",
    "x3?": "float [*]",
    "x4?": "float [*]",
    "x5?": "float [*]",
    "x6?": "float [*]",
    "x7?": "float [*]",
  },
  outputs: {
    y: "float [*]",
  },
  attrs: { steps: text },
  inPlace: { y: names },
  shape(operands, { steps }) {
    const given = listed(operands);
    if (given.some(([name], i) => name !== names[i]))
      throw new ResnetError(
        "ERR_ATTRIBUTE",
        "elementwise: the operands must be x0, x1 … without gaps",
      );
    parseSteps(steps, given.length);
    for (const each of given) checkDType("elementwise", ["x0", operands.x0], each);
    const shapes = given.map(([name, { shape }]) => [name, shape] as const);
    const shape = broadcastShapes("elementwise", Object.fromEntries(shapes));
    const largest = given.find(([, spec]) => spec.shape.length === shape.length)![1];
    return { y: { ...largest, shape } };
  },
  gradient: null,
  flops: (_, { y }, { steps }) => steps.split("; ").length * sizeOf(y.shape),
  reference(operands, { y }, { steps }) {
    const given = listed<Values>(operands).map(([, values]) => values);
    const parsed = parseSteps(steps, given.length);
    const round = roundings[y.dtype === "bf16" || y.dtype === "f32" ? y.dtype : "none"];
    const strides = given.map(({ shape }) => broadcastStrides(shape, y.shape));
    walk(y.shape, strides, (i, places) => {
      const values = given.map(({ data }, k) => data[places[k]!]!);
      y.data[i] = runSteps(parsed, values, round);
    });
  },
});

/** As results are rounded that are stored. */
const roundings = {
  f32: Math.fround,
  bf16: (value: number): number => decodeBf16(Uint16Array.of(bf16Bits(value)))[0]!,
  none: (value: number): number => value,
} as const;

/** The operands that are there, in their order. */
const listed = <T>(operands: Operands<Name, T>): (readonly [name: string, operand: T])[] =>
  names.flatMap((name) => {
    const operand = operands[name];
    return operand === undefined ? [] : [[name, operand] as const];
  });
