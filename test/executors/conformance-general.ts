// Cases of the other ops on tensors of any rank: reductions, moves, softmax, products.
import { broadcastShapes } from "../../src/ops/broadcast-shapes.js";
import { hostArray, type HostArray } from "../../src/tensor/host-array.js";
import { sizeOf, type Shape } from "../../src/tensor/shape.js";
import { randomArray, randomIntegers } from "../helpers/arrays.js";
import { ulp } from "../helpers/assert-close.js";
import { seedOf, type ConformanceCase } from "./conformance-case.js";
import { one, pairs, shapes, title, type Inputs } from "./conformance-ranks.js";

const exact = 0;
/** Float32 exponentials with one or two roundings around them. */
const few = 16 * ulp;

/** Shapes and the axes that are reduced: all, none, first, last, middle, every other; short and long. */
const reductions: readonly (readonly [Shape, readonly number[]])[] = [
  [[], []],
  [[5], [0]],
  [[4099], [0]],
  [[3, 70000], [1]],
  [[3, 33], []],
  [[3, 33], [1]],
  [[33, 3], [0]],
  [[70000, 3], [0]],
  [[5, 300], [0]],
  [
    [2, 3, 2, 17],
    [0, 1, 3],
  ],
  [
    [2, 3, 2, 17],
    [1, 2],
  ],
  [
    [2, 3, 2, 17],
    [0, 2],
  ],
  [
    [9, 1, 3, 2, 5],
    [1, 3],
  ],
];

const reduceCases = reductions.flatMap(([shape, axes]) =>
  ["sum", "mean", "max", "min"].flatMap((name): ConformanceCase[] => {
    const text = `${name} of ${title(shape)} over ${title(axes)}`;
    const seed = seedOf(text);
    const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const x = (): HostArray => randomArray(shape, seed, { step: 0.25 });
    const isExtremum = name === "max" || name === "min";
    // Sums of numbers around 0 are small beside their rounding: as large as the terms.
    const rtol = isExtremum ? exact : 4 * ulp;
    // The extremum of the whole: some rows may not have it, and then their gradient is NaN.
    const extremum = (): HostArray => {
      const values = [...x().data];
      const best = values.reduce((a, b) => (name === "max" ? Math.max(a, b) : Math.min(a, b)));
      return hostArray(kept, new Float32Array(sizeOf(kept)).fill(best));
    };
    return [
      ...[true, false].map((keepDims) =>
        one("reduce", `${text}, keepDims ${keepDims}`, () => ({ x: x() }), {
          attrs: { function: name, axes, keepDims },
          rtol,
        }),
      ),
      one(
        "reduceGrad",
        text,
        () => ({
          dy: randomArray(kept, seed + 1),
          ...(isExtremum && { x: x(), y: extremum() }),
        }),
        { attrs: { function: name, axes, shape }, outputs: ["dx"], rtol: 4 * ulp },
      ),
    ];
  }),
);

const moveCases: readonly ConformanceCase[] = [
  ...pairs.flatMap(([a, b]) =>
    [a, b].map((x, i) => {
      const shape = [4, ...broadcastShapes("case", { a, b })];
      return one("broadcast", `${title(x)} to ${title(shape)}`, () => ({ x: randomArray(x, i) }), {
        attrs: { shape },
      });
    }),
  ),
  ...shapes.flatMap((shape): ConformanceCase[] => [
    one("reshape", `${title(shape)} to a row`, () => ({ x: randomArray(shape, 3) }), {
      attrs: { shape: [1, sizeOf(shape)] },
    }),
  ]),
];

/** Axes of [2, 3, 4, 5]-like shapes in every kind of order, and the same of integers. */
const permutations: readonly (readonly [Shape, readonly number[]])[] = [
  [[7], [0]],
  [
    [33, 5],
    [1, 0],
  ],
  [
    [3, 1, 65],
    [2, 0, 1],
  ],
  [
    [2, 3, 4, 17],
    [2, 3, 0, 1],
  ],
  [
    [2, 3, 4, 17],
    [0, 2, 1, 3],
  ],
  [
    [2, 1, 3, 2, 5],
    [4, 3, 2, 1, 0],
  ],
];

/** A larger shape, a smaller one, and where its elements lie. */
const places: readonly (readonly [Shape, Shape, readonly number[], readonly number[]])[] = [
  [[9], [9], [8], [-1]],
  [[9], [1], [4], [1]],
  [
    [33, 7],
    [33, 5],
    [0, 1],
    [1, 1],
  ],
  [
    [33, 7],
    [11, 4],
    [1, 0],
    [3, 2],
  ],
  [
    [5, 3, 65],
    [2, 3, 33],
    [4, 2, 0],
    [-3, -1, 2],
  ],
];

const arrangeCases: readonly ConformanceCase[] = [
  ...permutations.flatMap(([shape, axes], i) => {
    const text = `${title(shape)} by ${title(axes)}`;
    return [
      one("permute", text, () => ({ x: randomArray(shape, i) }), { attrs: { axes } }),
      one("permute", `${text}, bytes`, () => ({ x: randomIntegers(shape, i, 256, "u8") }), {
        attrs: { axes },
      }),
    ];
  }),
  ...places.flatMap(([larger, smaller, starts, steps], i) => {
    const text = `${title(smaller)} in ${title(larger)}`;
    const attrs = { starts, steps };
    return [
      one("slice", text, () => ({ x: randomArray(larger, i) }), {
        attrs: { ...attrs, shape: smaller },
      }),
      one("pad", text, () => ({ x: randomArray(smaller, i) }), {
        attrs: { ...attrs, shape: larger, value: 0.5 },
      }),
    ];
  }),
  ...[1, 2, 3, 8].flatMap((count) =>
    [0, 1, 2].map((axis) => {
      const part = (i: number): Shape =>
        [3, 2, 17].map((size, k) => (k === axis ? 1 + (i % 3) : size));
      const inputs = (): Inputs =>
        Object.fromEntries(
          Array.from({ length: count }, (_, i) => [`x${i}`, randomArray(part(i), i)]),
        );
      return one("concat", `${count} along axis ${axis}`, inputs, { attrs: { axis } });
    }),
  ),
  ...shapes.flatMap((shape, i) => [
    one("cast", `f32 ${title(shape)}`, () => ({ x: randomArray(shape, i) }), {
      attrs: { dtype: "f32" },
    }),
    one("cast", `i32 ${title(shape)}`, () => ({ x: randomIntegers(shape, i, 1 << 20, "i32") }), {
      attrs: { dtype: "f32" },
    }),
    one("cast", `u8 ${title(shape)}`, () => ({ x: randomIntegers(shape, i, 256, "u8") }), {
      attrs: { dtype: "f32" },
    }),
  ]),
];

const softmaxCases = (
  [
    [[5], 0],
    [[33, 10], 1],
    [[33, 10], 0],
    [[3, 1000], 1],
    [[2, 7, 130], 1],
    [[3, 4, 2, 5], 3],
  ] as const
).flatMap(([shape, axis]) =>
  [false, true].flatMap((log): ConformanceCase[] => {
    const text = `${title(shape)} along axis ${axis}, logarithm ${log}`;
    const seed = seedOf(text);
    const x = (): HostArray => randomArray(shape, seed, { scale: 5, step: 0.25 });
    const shares = (): HostArray =>
      randomArray(shape, seed, { scale: 0.1, center: log ? -2 : 0.1 });
    const attrs = { axis, log };
    return [
      one("softmax", text, () => ({ x: x() }), { attrs, rtol: few }),
      one("softmaxGrad", text, () => ({ dy: randomArray(shape, seed + 1), y: shares() }), {
        attrs,
        outputs: ["dx"],
        rtol: few,
      }),
      one("argmax", text, () => ({ x: x() }), { attrs: { axis } }),
    ];
  }),
);

/** M, K, N; no multiples of tiles. */
const matmulCases = (
  [
    [1, 1, 1],
    [3, 5, 7],
    [17, 33, 10],
    [130, 65, 70],
    [1, 300, 33],
    [70, 1, 3],
  ] as const
).flatMap(([m, k, n]) =>
  (["none", "a", "b"] as const).flatMap((transposed) =>
    [
      [[], []],
      [[3], []],
      [[], [2]],
      [[2, 1], [3]],
    ].map(([batchA, batchB]): ConformanceCase => {
      const a = [...batchA!, ...(transposed === "a" ? [k, m] : [m, k])];
      const b = [...batchB!, ...(transposed === "b" ? [n, k] : [k, n])];
      const text = `${title(a, b)}, transposed ${transposed}`;
      const seed = seedOf(text);
      return one("matmul", text, () => ({ a: randomArray(a, seed), b: randomArray(b, seed + 1) }), {
        attrs: { transposed },
        rtol: ulp * (8 + k), // a chain of k roundings at worst
      });
    }),
  ),
);

const literalCases = shapes.map((shape) =>
  one("literal", title(shape), () => ({}), {
    attrs: { shape, values: [...randomArray(shape, 1).data] },
  }),
);

/** H, W, N, Cin, Cout, filter, stride, padding, groups; the largest image of that size, and one pixel less where the stride allows it. */
const transposedCases = (
  [
    [1, 1, 1, 1, 1, 1, 1, 0, 1],
    [3, 2, 3, 10, 5, 3, 1, 1, 1],
    [4, 3, 17, 33, 10, 2, 2, 0, 1],
    [5, 4, 3, 8, 12, 3, 2, 1, 4],
    [2, 3, 33, 65, 3, 5, 3, 2, 1],
  ] as const
).flatMap(([h, w, n, cin, cout, kernel, stride, padding, groups]) =>
  [0, stride - 1].map((more): ConformanceCase => {
    const size = (pixels: number): number => (pixels - 1) * stride - 2 * padding + kernel + more;
    const text = `[${[h, w, n, cin].join(", ")}] to ${cout}, ${kernel}×${kernel}, stride ${stride}, ${more} more`;
    const seed = seedOf(text);
    const inputs = (): Inputs => ({
      x: randomArray([h, w, n, cin], seed),
      weight: randomArray([kernel, kernel, cout / groups, cin], seed + 1),
    });
    const attrs = { stride, padding, groups, imageSize: [size(h), size(w)] };
    return one("convTranspose2d", text, inputs, { attrs, rtol: ulp * (8 + kernel * kernel * cin) });
  }),
);

export const generalCases: readonly ConformanceCase[] = [
  ...reduceCases,
  ...moveCases,
  ...arrangeCases,
  ...softmaxCases,
  ...matmulCases,
  ...literalCases,
  ...transposedCases,
];
