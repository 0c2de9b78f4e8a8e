import { linearOp } from "../../src/ops/linear.js";
import { windowOutput } from "../../src/ops/window.js";
import type { HostArray } from "../../src/tensor/host-array.js";
import { randomArray } from "../helpers/arrays.js";
import { ulp } from "../helpers/assert-close.js";
import { seedOf, type ConformanceCase } from "./conformance-case.js";

/**
 * A chain of k float32 multiply-adds: k roundings of partial sums no larger than a few of the largest
 * results, which add up like a random walk. 4 more for the epilogue.
 */
const chain = (k: number): number => ulp * (4 + 2 * Math.sqrt(k));

interface Convolution {
  readonly image: readonly [number, number];
  readonly n: number;
  readonly cin: number;
  readonly cout: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly groups?: number;
}

const convolutions: readonly Convolution[] = [
  { image: [1, 1], n: 1, cin: 1, cout: 1, kernel: 1, stride: 1, padding: 0 },
  { image: [4, 3], n: 3, cin: 10, cout: 65, kernel: 1, stride: 1, padding: 0 },
  { image: [5, 4], n: 17, cin: 65, cout: 10, kernel: 1, stride: 2, padding: 0 },
  { image: [2, 2], n: 33, cin: 130, cout: 130, kernel: 1, stride: 1, padding: 0 },
  { image: [3, 2], n: 3, cin: 3, cout: 10, kernel: 1, stride: 1, padding: 2 },
  { image: [5, 7], n: 1, cin: 3, cout: 10, kernel: 3, stride: 1, padding: 1 },
  { image: [6, 5], n: 3, cin: 1, cout: 65, kernel: 3, stride: 2, padding: 1 },
  { image: [5, 3], n: 17, cin: 10, cout: 3, kernel: 3, stride: 1, padding: 0 },
  { image: [3, 4], n: 33, cin: 65, cout: 130, kernel: 3, stride: 2, padding: 1 },
  { image: [1, 1], n: 3, cin: 130, cout: 65, kernel: 3, stride: 1, padding: 1 },
  { image: [7, 8], n: 3, cin: 10, cout: 10, kernel: 3, stride: 3, padding: 0 },
  { image: [4, 3], n: 2, cin: 3, cout: 3, kernel: 3, stride: 2, padding: 4 },
  { image: [9, 7], n: 3, cin: 3, cout: 65, kernel: 7, stride: 2, padding: 3 },
  { image: [8, 8], n: 17, cin: 1, cout: 10, kernel: 7, stride: 2, padding: 3 },
  { image: [7, 9], n: 1, cin: 10, cout: 3, kernel: 7, stride: 1, padding: 0 },
  // 16 channels and more, runs of 32 rows and more: the native executor takes the image as it lies
  { image: [3, 97], n: 1, cin: 17, cout: 10, kernel: 3, stride: 1, padding: 1 },
  { image: [3, 130], n: 1, cin: 17, cout: 10, kernel: 3, stride: 2, padding: 1 },
  { image: [5, 7], n: 20, cin: 17, cout: 10, kernel: 3, stride: 1, padding: 1 },
  { image: [4, 9], n: 33, cin: 18, cout: 35, kernel: 3, stride: 2, padding: 1 },
  // fewer channels, where it gathers patches: by block, here several; and at once, into many columns
  { image: [20, 17], n: 3, cin: 2, cout: 33, kernel: 5, stride: 1, padding: 2 },
  { image: [31, 29], n: 1, cin: 3, cout: 64, kernel: 7, stride: 2, padding: 3 },
  { image: [4, 3], n: 1, cin: 3, cout: 3, kernel: 3, stride: 2, padding: 4 },
  { image: [3, 4], n: 3, cin: 3, cout: 515, kernel: 3, stride: 1, padding: 1 },
  // small batches on maps with short rows, where it gathers patches too: at once, and by block
  { image: [7, 6], n: 1, cin: 33, cout: 70, kernel: 3, stride: 1, padding: 1 },
  { image: [9, 7], n: 2, cin: 17, cout: 33, kernel: 3, stride: 2, padding: 1 },
  { image: [44, 40], n: 1, cin: 16, cout: 10, kernel: 3, stride: 1, padding: 1 },
  { image: [5, 4], n: 3, cin: 10, cout: 130, kernel: 3, stride: 1, padding: 1, groups: 2 },
  { image: [4, 5], n: 17, cin: 10, cout: 10, kernel: 3, stride: 2, padding: 1, groups: 10 },
  { image: [3, 3], n: 33, cin: 65, cout: 65, kernel: 3, stride: 1, padding: 1, groups: 65 },
  { image: [4, 4], n: 1, cin: 3, cout: 65 * 3, kernel: 1, stride: 1, padding: 0, groups: 3 },
  // rows a multiple of 4096 bytes apart, which the native executor copies first (on AMX only the longest)
  { image: [3, 2], n: 5, cin: 2048, cout: 33, kernel: 1, stride: 1, padding: 0 },
  { image: [1, 2], n: 5, cin: 4096, cout: 3, kernel: 1, stride: 1, padding: 0 },
  // the same, for every tap
  { image: [2, 2], n: 40, cin: 2048, cout: 3, kernel: 3, stride: 1, padding: 1 },
  // more depth than any instruction set multiplies at a time
  { image: [1, 1], n: 3, cin: 4700, cout: 5, kernel: 1, stride: 1, padding: 0 },
];

/**
 * Where the native executor takes Winograd's way, on odd and even maps, with every padding of a turned
 * filter: of few rows, cut by steps; of many, cut by blocks that begin inside a batch; and of more
 * channels than any instruction set multiplies at a time. Statistics only of batches of 16 and more.
 */
const winograd: readonly Convolution[] = [
  { image: [14, 13], n: 17, cin: 33, cout: 70, kernel: 3, stride: 1, padding: 1 },
  { image: [12, 11], n: 6, cin: 35, cout: 32, kernel: 3, stride: 1, padding: 0 },
  { image: [10, 9], n: 6, cin: 32, cout: 35, kernel: 3, stride: 1, padding: 2 },
  { image: [24, 23], n: 1, cin: 150, cout: 40, kernel: 3, stride: 1, padding: 1 },
  { image: [8, 7], n: 16, cin: 32, cout: 33, kernel: 3, stride: 1, padding: 1 },
  { image: [9, 8], n: 67, cin: 40, cout: 33, kernel: 3, stride: 1, padding: 1 },
  { image: [8, 8], n: 9, cin: 600, cout: 32, kernel: 3, stride: 1, padding: 1 },
];

/** Where the native executor cuts the weight gradient's depth by rows, columns and samples. */
const deepGradients: readonly Convolution[] = [
  { image: [6, 10], n: 70, cin: 128, cout: 2, kernel: 3, stride: 1, padding: 1 },
  { image: [9, 21], n: 70, cin: 128, cout: 2, kernel: 3, stride: 2, padding: 1 },
  { image: [7, 18], n: 71, cin: 128, cout: 2, kernel: 1, stride: 2, padding: 0 },
  { image: [2, 2], n: 1, cin: 33, cout: 2048, kernel: 1, stride: 1, padding: 0 },
  { image: [28, 28], n: 8, cin: 1, cout: 64, kernel: 7, stride: 2, padding: 3 },
];

/** Batches in which a product may read on into the next sample: with patches, without, and in windows. */
const poisoned: readonly Convolution[] = [
  { image: [4, 3], n: 3, cin: 10, cout: 5, kernel: 3, stride: 1, padding: 1 },
  { image: [4, 3], n: 40, cin: 17, cout: 5, kernel: 3, stride: 1, padding: 1 },
  { image: [8, 8], n: 9, cin: 33, cout: 33, kernel: 3, stride: 1, padding: 1 },
];

function sizes({ image, n, cin, cout, kernel, stride, padding, groups = 1 }: Convolution) {
  const [h, w] = image;
  const [oh, ow] = windowOutput("", [h, w], [kernel, kernel], { stride, padding });
  return {
    x: [h, w, n, cin],
    weight: [kernel, kernel, cin / groups, cout],
    y: [oh, ow, n, cout],
    attrs: { stride, padding, groups },
    taps: (kernel * kernel * cin) / groups,
    title:
      `${kernel}×${kernel} stride ${stride} padding ${padding} groups ${groups}, ` +
      `${cin} to ${cout}, batch ${n}, ${h}×${w}`,
  };
}

/** Epilogues of a convolution, and the results asked for. */
const epilogues = [
  { with: [], activation: "none", slope: 0, outputs: ["y"] },
  { with: ["bias"], activation: "leakyRelu", slope: 0.1, outputs: ["y"] },
  { with: ["residual"], activation: "none", slope: 0, outputs: ["y"] },
  { with: ["bias", "scale"], activation: "relu", slope: 0, outputs: ["y"] },
  { with: ["bias", "scale", "residual"], activation: "relu", slope: 0, outputs: ["y"] },
  { with: [], activation: "none", slope: 0, outputs: ["y", "mean", "variance"] },
  { with: ["bias"], activation: "relu", slope: 0, outputs: ["y", "mean", "variance"] },
] as const;

function forwardCases(): ConformanceCase[] {
  return [...convolutions, ...winograd].flatMap((convolution) => {
    const { x, weight, y, attrs, taps, title } = sizes(convolution);
    return epilogues.map(({ with: extra, activation, slope, outputs }) => {
      const name = `${title}, ${[...extra, activation].join(", ")}${outputs.length > 1 ? ", statistics" : ""}`;
      const seed = seedOf(name);
      const shapes: Record<string, readonly number[]> = {
        bias: [y[3]!],
        scale: [y[3]!],
        residual: y,
      };
      return {
        op: "conv2d",
        name,
        attrs: { ...attrs, activation, slope },
        inputs: (): Record<string, HostArray> => ({
          x: randomArray(x, seed),
          weight: randomArray(weight, seed + 1),
          ...Object.fromEntries(
            extra.map((each, i) => [each, randomArray(shapes[each]!, seed + 2 + i)]),
          ),
        }),
        outputs,
        rtol: chain(taps),
      };
    });
  });
}

/** A NaN stays in its sample, also where a product reads on into the next one's channels. */
function poisonedCase(convolution: Convolution): ConformanceCase {
  const { x, weight, attrs, taps, title } = sizes(convolution);
  const name = `${title}, a sample of NaN between others`;
  const seed = seedOf(name);
  const isPoisoned = (i: number): boolean => Math.floor(i / x[3]!) % x[2]! === 1;
  return {
    op: "conv2d",
    name,
    attrs: { ...attrs, activation: "none", slope: 0 },
    inputs: () => {
      const drawn = randomArray(x, seed);
      const data = Float32Array.from(drawn.data, (v, i) => (isPoisoned(i) ? NaN : v));
      return { x: { ...drawn, data }, weight: randomArray(weight, seed + 1) };
    },
    outputs: ["y"],
    rtol: chain(taps),
  };
}

function gradientCases(): ConformanceCase[] {
  return [...convolutions, ...winograd, ...deepGradients].flatMap((convolution) => {
    const { x, weight, y, attrs, title } = sizes(convolution);
    const seed = seedOf(`gradients ${title}`);
    const imageSize = [x[0]!, x[1]!];
    const kernelSize = [weight[0]!, weight[1]!];
    const inputTaps = weight[0]! * weight[1]! * (weight[3]! / attrs.groups);
    const inputs = (): Record<string, HostArray> => ({
      dy: randomArray(y, seed),
      weight: randomArray(weight, seed + 1),
    });
    const inputGrad = { op: "conv2dInputGrad", attrs: { ...attrs, imageSize }, outputs: ["dx"] };
    return [
      { ...inputGrad, name: title, inputs, rtol: chain(inputTaps) },
      {
        ...inputGrad,
        name: `${title}, addend`,
        inputs: () => ({ ...inputs(), addend: randomArray(x, seed + 2) }),
        rtol: chain(inputTaps),
      },
      {
        op: "conv2dWeightGrad",
        name: title,
        attrs: { ...attrs, kernelSize },
        inputs: () => ({ x: randomArray(x, seed + 3), dy: randomArray(y, seed + 4) }),
        outputs: ["dweight"],
        rtol: chain(y[0]! * y[1]! * y[2]!),
      },
    ];
  });
}

function linearCases(): ConformanceCase[] {
  const layers = [
    [1, 1, 1],
    [3, 10, 3],
    [17, 65, 10],
    [33, 130, 65],
    [1, 512, 130],
    [130, 3, 33],
  ] as const;
  return layers.flatMap(([n, into, out]) => {
    const title = `batch ${n}, ${into} to ${out}`;
    const seed = seedOf(`linear ${title}`);
    const x = (): HostArray => randomArray([n, into], seed);
    const weight = (): HostArray => randomArray([into, out], seed + 1);
    const dy = (): HostArray => randomArray([n, out], seed + 2);
    const one = { attrs: {}, name: title };
    return [
      {
        ...one,
        op: linearOp.name,
        inputs: () => ({ x: x(), weight: weight() }),
        outputs: ["y"],
        rtol: chain(into),
      },
      {
        ...one,
        op: linearOp.name,
        name: `${title}, bias`,
        inputs: () => ({ x: x(), weight: weight(), bias: randomArray([out], seed + 3) }),
        outputs: ["y"],
        rtol: chain(into),
      },
      {
        ...one,
        op: "linearInputGrad",
        inputs: () => ({ dy: dy(), weight: weight() }),
        outputs: ["dx"],
        rtol: chain(out),
      },
      {
        ...one,
        op: "linearWeightGrad",
        inputs: () => ({ x: x(), dy: dy() }),
        outputs: ["dweight"],
        rtol: chain(n),
      },
      { ...one, op: "biasGrad", inputs: () => ({ dy: dy() }), outputs: ["dbias"], rtol: chain(n) },
    ];
  });
}

function biasGradCases(): ConformanceCase[] {
  return [
    [5, 3, 3, 10],
    [2, 3, 33, 65],
    [1, 1, 1, 130],
    [7, 7, 17, 3],
  ].map((shape) => ({
    op: "biasGrad",
    name: `[${shape.join(", ")}]`,
    attrs: {},
    inputs: () => ({ dy: randomArray(shape, seedOf(shape.join())) }),
    outputs: ["dbias"],
    rtol: chain(shape[0]! * shape[1]! * shape[2]!),
  }));
}

/** Convolutions and linear layers: everything that sums products. */
export const productCases: readonly ConformanceCase[] = [
  ...forwardCases(),
  ...poisoned.map(poisonedCase),
  ...gradientCases(),
  ...linearCases(),
  ...biasGradCases(),
];
