// Cases of elementwise functions, alone and in chains, with broadcasting.
import { binaryNames } from "../../src/ops/binary-functions.js";
import { unaryNames } from "../../src/ops/unary-functions.js";
import type { Attrs } from "../../src/tensor/attrs.js";
import type { HostArray } from "../../src/tensor/host-array.js";
import type { Shape } from "../../src/tensor/shape.js";
import { randomArray, type Draw } from "../helpers/arrays.js";
import { ulp } from "../helpers/assert-close.js";
import { seedOf, type ConformanceCase } from "./conformance-case.js";
import { one, pairs, shapes, title, type Inputs } from "./conformance-ranks.js";

const exact = 0;
/** Float32 functions with one or two roundings around them. */
const few = 16 * ulp;

/** Where the functions are finite and far from their poles. */
const domains: Readonly<Record<string, Draw>> = {
  log: { center: 2, scale: 1.9 },
  log1p: { center: 1, scale: 1.9 },
  sqrt: { center: 2, scale: 1.9 },
  rsqrt: { center: 2, scale: 1.9 },
  reciprocal: { center: 2, scale: 1.9 },
};

const unaryParameters: Readonly<Record<string, readonly Attrs[]>> = {
  clamp: [{ min: -1, max: 0.5 }, { min: 0 }, { max: 1 }],
  softplus: [{}, { beta: 2, threshold: 3 }],
};

const unaryCases = unaryNames.flatMap((name) =>
  (unaryParameters[name] ?? [{}]).flatMap((parameters) =>
    shapes.flatMap((shape): ConformanceCase[] => {
      const attrs = { function: name, ...parameters };
      const text = `${name} ${JSON.stringify(parameters)} of ${title(shape)}`;
      const seed = seedOf(text);
      // Steps: the kinks at 0, 3 and 6 occur.
      const x = (): HostArray =>
        randomArray(shape, seed, domains[name] ?? { scale: 7, step: 0.25 });
      const dy = (): HostArray => randomArray(shape, seed + 1);
      return [
        one("unary", text, () => ({ x: x() }), { attrs, rtol: few }),
        one("unaryGrad", text, () => ({ dy: dy(), at: x() }), {
          attrs,
          outputs: ["dx"],
          rtol: few,
        }),
      ];
    }),
  ),
);

const binaryCases = binaryNames.flatMap((name) => {
  const rtol = ["add", "sub", "mul", "div", "pow"].includes(name) ? 4 * ulp : exact;
  // Powers of positive numbers; elsewhere ties.
  const draw: Draw = name === "pow" || name === "div" ? { center: 1.5 } : { step: 0.25 };
  const attrs = { function: name };
  return [
    ...pairs.map(([a, b]): ConformanceCase => {
      const text = `${name} of ${title(a, b)}`;
      const seed = seedOf(text);
      const inputs = (): Inputs => ({
        a: randomArray(a, seed, draw),
        b: randomArray(b, seed + 1, draw),
      });
      return one("binary", text, inputs, { attrs, rtol });
    }),
    ...["a", "b"].map((operand) => {
      const text = `${name} of a number and ${operand}`;
      const inputs = (): Inputs => ({ [operand]: randomArray([3, 17], seedOf(text), draw) });
      return one("binary", text, inputs, { attrs: { ...attrs, scalar: 0.3 }, rtol });
    }),
  ];
});

const whereCases = pairs.flatMap(([a, b]): ConformanceCase[] => {
  const seed = seedOf(`where ${title(a, b)}`);
  const bits = (shape: Shape): HostArray => randomArray(shape, seed, { center: 1, step: 1 });
  const draw = (shape: Shape, i: number): HostArray => randomArray(shape, seed + i);
  return [
    one("where", title(a, b), () => ({ condition: bits(a), a: draw(b, 1), b: draw(a, 2) })),
    one("where", title(b, a), () => ({ condition: bits(b), a: draw(b, 1), b: draw(a, 2) })),
    one("where", `${title(a)}, a number`, () => ({ condition: bits(a), b: draw(b, 1) }), {
      attrs: { scalarA: 0.5 },
    }),
    one("where", `${title(a)}, another number`, () => ({ condition: bits(a), a: draw(b, 1) }), {
      attrs: { scalarB: 0.5 },
    }),
    one("where", `${title(a)}, two numbers`, () => ({ condition: bits(a) }), {
      attrs: { scalarA: 1, scalarB: -2 },
    }),
  ];
});

/** Every kind of step, with operands that repeat along each axis; nothing is fused that would round anew. */
const chainCases = [
  { steps: "neg x0", shapes: [[7]] },
  { steps: "mul x0 x1; silu t0; add t1 0.5", shapes: [[3, 33], [33]] },
  { steps: "clamp x0 -0.5 Infinity; softplus t0 2 3; siluGrad t1 t0", shapes: [[2, 3, 17]] },
  { steps: "less x0 x1; where t0 x2 0.25; sub 1 t1", shapes: [[2, 1, 5], [3, 1], []] },
  {
    steps: "add x0 x1; mul t0 x2; maximum t1 x3; add t2 x4; mul t3 x5; sub t4 x6; add t5 x7",
    shapes: [[40, 70], [70], [40, 1], [40, 70], [70], [1, 1], [70], [40, 70]],
  },
].map(({ steps, shapes }): ConformanceCase => {
  const seed = seedOf(steps);
  const inputs = (): Inputs =>
    Object.fromEntries(shapes.map((shape, i) => [`x${i}`, randomArray(shape, seed + i)]));
  return one("elementwise", steps, inputs, { attrs: { steps }, rtol: few });
});

/** The same with a result of one element in the memory of each operand. */
const chainInPlace = one(
  "elementwise",
  "eight operands of one shape",
  () => Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`x${i}`, randomArray([3, 17], i)])),
  {
    attrs: { steps: "add x0 x1; add x2 x3; add x4 x5; add x6 x7; add t0 t1; add t2 t3; add t4 t5" },
    rtol: few,
  },
);

export const elementwiseCases: readonly ConformanceCase[] = [
  ...unaryCases,
  ...binaryCases,
  ...whereCases,
  ...chainCases,
  chainInPlace,
];
