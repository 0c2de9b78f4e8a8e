import type { HostArray } from "../../src/tensor/host-array.js";
import { randomArray } from "../helpers/arrays.js";
import { ulp } from "../helpers/assert-close.js";
import { images, seedOf, type ConformanceCase } from "./conformance-case.js";

/** An elementwise formula in float32: a rounding for each of its few operations. */
const elementwise = 8 * ulp;

/** A sum over the pixels of a batch, in float32 blocks or in float64: see `chain` of the products. */
const summed = (count: number): number => ulp * (8 + 2 * Math.sqrt(count));

const activations = [
  { activation: "none", slope: 0 },
  { activation: "relu", slope: 0 },
  { activation: "leakyRelu", slope: 0.1 },
] as const;

const eps = 1e-5;

/** Every vector a batch norm may read, and images off centre, as activations are. */
function operandsOf(shape: readonly number[], seed: number) {
  const c = [shape[3]!];
  const all: Readonly<Record<string, () => HostArray>> = {
    x: () => randomArray(shape, seed, { scale: 2, center: 1 }),
    dy: () => randomArray(shape, seed + 1),
    residual: () => randomArray(shape, seed + 2),
    y: () => randomArray(shape, seed + 3, { step: 0.25 }), // zeros occur
    mean: () => randomArray(c, seed + 4, { center: 1 }),
    variance: () => randomArray(c, seed + 5, { scale: 0.5, center: 1 }),
    weight: () => randomArray(c, seed + 6),
    bias: () => randomArray(c, seed + 7),
    convBias: () => randomArray(c, seed + 12),
    dweight: () => randomArray(c, seed + 8, { scale: 5 }),
    dbias: () => randomArray(c, seed + 9, { scale: 5 }),
    runningMean: () => randomArray(c, seed + 10),
    runningVariance: () => randomArray(c, seed + 11, { scale: 0.5, center: 1 }),
  };
  return (...names: readonly string[]) =>
    (): Record<string, HostArray> =>
      Object.fromEntries(names.map((name) => [name, all[name]!()]));
}

export const normCases: readonly ConformanceCase[] = images.flatMap(({ h, w, n, c }) => {
  const shape = [h, w, n, c];
  const title = `[${shape.join(", ")}]`;
  const count = h * w * n;
  const take = operandsOf(shape, seedOf(`norm ${title}`));
  const cases: ConformanceCase[] = [
    {
      op: "batchNormStatistics",
      name: title,
      attrs: {},
      inputs: take("x"),
      outputs: ["mean", "variance"],
      rtol: summed(count),
    },
    ...[[], ["convBias"]].map((convBias) => ({
      op: "batchNormFold",
      name: [title, ...convBias].join(", "),
      attrs: { eps },
      inputs: take("mean", "variance", "weight", "bias", ...convBias),
      outputs: ["scale", "shift"],
      rtol: elementwise,
    })),
    {
      op: "runningStatistics",
      name: title,
      attrs: { momentum: 0.1, count: Math.max(2, count) },
      inputs: take("runningMean", "runningVariance", "mean", "variance"),
      outputs: ["newMean", "newVariance"],
      rtol: elementwise,
    },
  ];
  for (const act of activations) {
    for (const residual of [[], ["residual"]]) {
      cases.push({
        op: "batchNorm2d",
        name: [title, act.activation, ...residual].join(", "),
        attrs: { eps, statistics: "batch", ...act },
        inputs: take("x", "mean", "variance", "weight", "bias", ...residual),
        outputs: ["y"],
        rtol: elementwise,
      });
    }
    const y = act.activation === "none" ? [] : ["y"];
    for (const dz of [[], ["dz"]]) {
      cases.push({
        op: "batchNormParamGrad",
        name: [title, act.activation, ...dz].join(", "),
        attrs: { eps, ...act },
        inputs: take("dy", "x", "mean", "variance", ...y),
        outputs: ["dweight", "dbias", ...dz],
        rtol: summed(count),
      });
    }
    for (const sums of [[], ["dweight", "dbias"]]) {
      cases.push({
        op: "batchNormInputGrad",
        name: [title, act.activation, ...sums].join(", "),
        attrs: { eps, ...act },
        inputs: take("dy", "x", "mean", "variance", "weight", ...sums, ...y),
        outputs: ["dx"],
        rtol: elementwise,
      });
    }
  }
  return cases;
});
