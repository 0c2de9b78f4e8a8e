import { hostArray, type HostArray } from "../../src/tensor/host-array.js";
import { randomKey } from "../../src/tensor/random.js";
import { randomArray, randomIntegers } from "../helpers/arrays.js";
import { ulp } from "../helpers/assert-close.js";
import { images, seedOf, type ConformanceCase } from "./conformance-case.js";

/** One rounding, or none: the same bits. */
const exact = 0;

const elementwiseCases = images.flatMap(({ h, w, n, c }): ConformanceCase[] => {
  const shape = [h, w, n, c];
  const name = `[${shape.join(", ")}]`;
  const seed = seedOf(`elementwise ${name}`);
  // Steps: zeros occur, where a gradient takes the negative side.
  const x = (): HostArray => randomArray(shape, seed, { step: 0.25 });
  const dy = (): HostArray => randomArray(shape, seed + 1);
  const key = (): HostArray => hostArray([2], randomKey(seed, "key"), "i32");
  return [
    { op: "relu", name, attrs: {}, inputs: () => ({ x: x() }), outputs: ["y"], rtol: exact },
    {
      op: "reluGrad",
      name,
      attrs: {},
      inputs: () => ({ dy: dy(), y: x() }),
      outputs: ["dx"],
      rtol: exact,
    },
    {
      op: "add",
      name,
      attrs: {},
      inputs: () => ({ a: x(), b: dy() }),
      outputs: ["y"],
      rtol: exact,
    },
    // The slope is a float64 in the reference and a float32 in kernels: one more rounding.
    {
      op: "leakyRelu",
      name,
      attrs: { slope: 0.1 },
      inputs: () => ({ x: x() }),
      outputs: ["y"],
      rtol: 2 * ulp,
    },
    {
      op: "leakyReluGrad",
      name,
      attrs: { slope: 0.1 },
      inputs: () => ({ dy: dy(), y: x() }),
      outputs: ["dx"],
      rtol: 2 * ulp,
    },
    ...["dropout", "stochasticDepth"].flatMap((op) =>
      [0, 0.25, 0.9].map((probability, stream) => ({
        op,
        name: `${name}, probability ${probability}`,
        attrs: { probability, stream },
        inputs: () => ({ x: dy(), key: key() }),
        outputs: ["y"],
        rtol: 2 * ulp, // kernels multiply by 1 / (1 − probability)
      })),
    ),
    ...[
      { stride: 1, padChannels: [0, 3] },
      { stride: 2, padChannels: [2, 1] },
      { stride: 3, padChannels: [0, 0] },
    ].flatMap((attrs) => {
      const title = `${name}, stride ${attrs.stride}, padded by ${attrs.padChannels.join(" and ")}`;
      const sampled = [Math.ceil(h / attrs.stride), Math.ceil(w / attrs.stride), n];
      const channels = c + attrs.padChannels[0]! + attrs.padChannels[1]!;
      return [
        {
          op: "subsample",
          name: title,
          attrs,
          inputs: () => ({ x: x() }),
          outputs: ["y"],
          rtol: exact,
        },
        {
          op: "subsampleGrad",
          name: title,
          attrs: { ...attrs, imageSize: [h, w] },
          inputs: () => ({ dy: randomArray([...sampled, channels], seed + 3) }),
          outputs: ["dx"],
          rtol: exact,
        },
      ];
    }),
    { op: "flatten", name, attrs: {}, inputs: () => ({ x: dy() }), outputs: ["y"], rtol: exact },
    {
      op: "flattenGrad",
      name,
      attrs: { imageSize: [h, w], dtype: "f32" },
      inputs: () => ({ dy: randomArray([n, c * h * w], seed + 2) }),
      outputs: ["dx"],
      rtol: exact,
    },
    {
      op: "constant",
      name,
      attrs: { value: 0.1, shape },
      inputs: () => ({}),
      outputs: ["y"],
      rtol: exact,
    },
  ];
});

const lossCases = [
  { n: 1, k: 1 },
  { n: 1, k: 10 },
  { n: 17, k: 3 },
  { n: 33, k: 130 },
].flatMap(({ n, k }): ConformanceCase[] =>
  [0, 0.1].flatMap((smoothing) =>
    ([1, 100, "weighted"] as const).flatMap((kind) => {
      const scale = kind === "weighted" ? 1 : kind;
      const name = `batch ${n}, ${k} classes, smoothing ${smoothing}, ${kind === "weighted" ? kind : `logits up to ${kind}`}`;
      const seed = seedOf(`loss ${name}`);
      const classWeights = Array.from({ length: k }, (_, label) => 2 ** ((label % 7) - 3));
      const attrs = { smoothing, ...(kind === "weighted" && { classWeights }) };
      const inputs = (): Record<string, HostArray> => ({
        logits: randomArray([n, k], seed, { scale, step: 0.25 }), // ties for the first place
        labels: randomIntegers([n], seed + 1, k, "i32"),
      });
      // float32 exponentials of up to `scale`, whose argument is rounded to scale · ulp.
      const rtol = ulp * (16 + 2 * scale);
      const atol = k === 1 ? rtol : 0; // the loss of one class is 0
      const forward = { op: "softmaxCrossEntropy", attrs, inputs, rtol, atol };
      return [
        { ...forward, name, outputs: ["loss"] },
        { ...forward, name: `${name}, correct`, outputs: ["loss", "correct"] },
        {
          op: "softmaxCrossEntropyGrad",
          name,
          attrs,
          inputs: () => ({ ...inputs(), dloss: hostArray([], [0.7]) }),
          outputs: ["dlogits"],
          rtol,
          atol,
        },
      ];
    }),
  ),
);

/** Starts on all sides of an image, both directions, rectangles that are empty, partly outside or everything. */
function randomPlacement(n: number, [h, w]: readonly [number, number], seed: number): HostArray {
  const draws = randomIntegers([8 * n], seed, 1 << 20, "i32").data;
  const numbers = Array.from({ length: n }, (_, sample) => {
    const draw = (i: number, from: number, to: number): number =>
      from + (draws[8 * sample + i]! % (to - from + 1));
    const starts = [
      draw(0, -2, h + 2),
      draw(1, 0, 1) * 2 - 1,
      draw(2, -2, w + 2),
      draw(3, 0, 1) * 2 - 1,
    ];
    return [...starts, draw(4, -1, h), draw(5, -1, w), draw(6, 0, h + 1), draw(7, 0, w + 1)];
  });
  return hostArray([n, 8], numbers.flat(), "i32");
}

const dataCases = [
  { rows: 1, h: 1, w: 1, c: 1, n: 1 },
  { rows: 5, h: 3, w: 4, c: 3, n: 17 },
  { rows: 40, h: 5, w: 2, c: 1, n: 33 },
].flatMap(({ rows, h, w, c, n }): ConformanceCase[] => {
  const name = `${n} of ${rows} rows of ${h}×${w}×${c}`;
  const seed = seedOf(`data ${name}`);
  const indices = (): HostArray => randomIntegers([n], seed, rows, "i32"); // rows come up twice, too
  const normalize = { mean: [0.5, 0.4, 0.3].slice(0, c), std: [0.2, 0.3, 0.5].slice(0, c) };
  const size = [h + 1, w + 2] as const; // larger than the image: there is always a border
  return [
    {
      op: "ingest",
      name: `${name}, placed`,
      attrs: {
        ...normalize,
        dtype: "f32",
        size,
        fill: [0, 255, 7].slice(0, c),
        eraseFill: [9, 8, 200].slice(0, c),
      },
      inputs: () => ({
        images: randomIntegers([rows, h, w, c], seed + 1, 256, "u8"),
        indices: indices(),
        placement: randomPlacement(n, size, seed + 3),
      }),
      outputs: ["x"],
      rtol: 4 * ulp, // a scale and a shift
    },
    {
      op: "ingest",
      name,
      attrs: { ...normalize, dtype: "f32" },
      inputs: () => ({
        images: randomIntegers([rows, h, w, c], seed + 1, 256, "u8"),
        indices: indices(),
      }),
      outputs: ["x"],
      rtol: 4 * ulp, // a scale and a shift
    },
    {
      op: "gatherLabels",
      name,
      attrs: {},
      inputs: () => ({ labels: randomIntegers([rows], seed + 2, 10, "i32"), indices: indices() }),
      outputs: ["y"],
      rtol: exact,
    },
  ];
});

const mixCases = images.flatMap(({ h, w, n, c }): ConformanceCase[] => {
  const seed = seedOf(`mixSamples ${h}×${w}×${n}×${c}`);
  return [
    { share: 0.3, box: [0, 0, 0, 0] },
    { share: 0.7, box: [0, 0, 0, 0] },
    { share: 1, box: [0, 1, Math.ceil(h / 2), w] },
  ].map(({ share, box }) => ({
    op: "mixSamples",
    name: `[${[h, w, n, c].join(", ")}], share ${share}, box ${box.join(" ")}`,
    attrs: {},
    inputs: () => ({
      x: randomArray([h, w, n, c], seed),
      labels: randomIntegers([n], seed + 1, 10, "i32"),
      share: hostArray([], [share]),
      box: hostArray([4], box, "i32"),
    }),
    outputs: ["y", "neighbourLabels"],
    rtol: 4 * ulp,
  }));
});

export const otherCases: readonly ConformanceCase[] = [
  ...elementwiseCases,
  ...lossCases,
  ...dataCases,
  ...mixCases,
];
