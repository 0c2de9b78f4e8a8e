import { widen } from "../../src/executors/reference/execute.js";
import { opsByName } from "../../src/ops/registry.js";
import { windowOutput } from "../../src/ops/window.js";
import { allocate, type HostArray } from "../../src/tensor/host-array.js";
import { sizeOf } from "../../src/tensor/shape.js";
import { randomArray } from "../helpers/arrays.js";
import { ulp } from "../helpers/assert-close.js";
import { images, seedOf, type ConformanceCase } from "./conformance-case.js";

/** Comparisons only: the same bits. */
const exact = 0;

/** What the reference of a pooling op says won, so that the index of a gradient can be one. */
function winners(op: string, x: HostArray, attrs: ConformanceCase["attrs"]): HostArray {
  const rules = opsByName.get(op)!;
  const { y, index } = rules.shape({ x }, attrs);
  const result = { shape: index!.shape, dtype: index!.dtype };
  const data = allocate(result.dtype as "u8" | "i32", sizeOf(result.shape));
  const read = widen(x);
  const values = { shape: y!.shape, data: new Float32Array(sizeOf(y!.shape)) };
  rules.reference({ x: read }, { y: values, index: { ...result, data } }, attrs);
  return { ...result, data };
}

const windows = [
  { kernel: 1, stride: 1, padding: 0 },
  { kernel: 2, stride: 2, padding: 0 },
  { kernel: 2, stride: 1, padding: 1 },
  { kernel: 3, stride: 2, padding: 1 },
  { kernel: 3, stride: 1, padding: 1 },
  { kernel: 7, stride: 3, padding: 3 },
];

const poolCases = windows.flatMap((window): ConformanceCase[] =>
  [
    { h: 7, w: 8, n: 1, c: 1 },
    { h: 8, w: 7, n: 3, c: 10 },
    { h: 7, w: 9, n: 17, c: 65 },
  ].flatMap(({ h, w, n, c }) => {
    const { kernel, stride, padding } = window;
    const name = `${kernel}×${kernel} stride ${stride} padding ${padding} on [${[h, w, n, c].join(", ")}]`;
    const seed = seedOf(`pool ${name}`);
    const output = windowOutput("", [h, w], [kernel, kernel], window);
    // Ties occur, and no value is positive, so that padding would win if it took part.
    const x = (): HostArray => randomArray([h, w, n, c], seed, { center: -2, step: 0.25 });
    const dy = (): HostArray => randomArray([...output, n, c], seed + 1);
    const grad = { ...window, imageSize: [h, w] };
    const max = { op: "maxPool2d", attrs: window, inputs: () => ({ x: x() }), rtol: exact };
    return [
      { ...max, name, outputs: ["y"] },
      { ...max, name: `${name}, index`, outputs: ["y", "index"] },
      {
        op: "maxPool2dGrad",
        name,
        attrs: grad,
        inputs: () => ({ dy: dy(), index: winners("maxPool2d", x(), window) }),
        outputs: ["dx"],
        rtol: 4 * ulp, // a pixel can win several windows: a few roundings of the sum
      },
      {
        op: "avgPool2d",
        name,
        attrs: window,
        inputs: () => ({ x: x() }),
        outputs: ["y"],
        rtol: ulp * (2 + kernel * kernel), // the reference rounds its sum at every tap, too
      },
      {
        op: "avgPool2dGrad",
        name,
        attrs: grad,
        inputs: () => ({ dy: dy() }),
        outputs: ["dx"],
        rtol: ulp * (2 + kernel * kernel),
      },
    ];
  }),
);

const adaptiveCases = images.flatMap(({ h, w, n, c }): ConformanceCase[] => {
  const name = `[${[h, w, n, c].join(", ")}]`;
  const seed = seedOf(`adaptive ${name}`);
  const x = (): HostArray => randomArray([h, w, n, c], seed, { center: -2, step: 0.25 });
  const dy = (): HostArray => randomArray([1, 1, n, c], seed + 1);
  const imageSize = [h, w];
  const max = { op: "adaptiveMaxPool2d", attrs: {}, inputs: () => ({ x: x() }), rtol: exact };
  return [
    { ...max, name, outputs: ["y"] },
    { ...max, name: `${name}, index`, outputs: ["y", "index"] },
    {
      op: "adaptiveMaxPool2dGrad",
      name,
      attrs: { imageSize },
      inputs: () => ({ dy: dy(), index: winners("adaptiveMaxPool2d", x(), {}) }),
      outputs: ["dx"],
      rtol: exact,
    },
    {
      op: "adaptiveAvgPool2d",
      name,
      attrs: {},
      inputs: () => ({ x: x() }),
      outputs: ["y"],
      rtol: ulp * (2 + h * w), // a float32 sum of h · w terms
    },
    {
      op: "adaptiveAvgPool2dGrad",
      name,
      attrs: { imageSize },
      inputs: () => ({ dy: dy() }),
      outputs: ["dx"],
      rtol: 2 * ulp, // kernels multiply by 1 / (h · w)
    },
  ];
});

/** Everything that looks at the pixels of a window or of the whole image. */
export const poolingCases: readonly ConformanceCase[] = [...poolCases, ...adaptiveCases];
