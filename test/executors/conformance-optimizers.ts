import { hostArray, type HostArray } from "../../src/tensor/host-array.js";
import { randomArray } from "../helpers/arrays.js";
import { ulp } from "../helpers/assert-close.js";
import { seedOf, type ConformanceCase } from "./conformance-case.js";

const updateCases = [[1], [10], [3, 3, 10, 65], [130, 33]].flatMap((shape): ConformanceCase[] => {
  const title = `[${shape.join(", ")}]`;
  const seed = seedOf(`optimizer ${title}`);
  const like = (i: number): HostArray => randomArray(shape, seed + i);
  const scalar = (value: number): HostArray => hostArray([], [value]);
  const step = (): Record<string, HostArray> => ({
    parameter: like(0),
    gradient: like(1),
    learningRate: scalar(0.1),
  });
  const memory = (): Record<string, HostArray> => ({ velocity: like(2), momentum: scalar(0.9) });
  const rtol = 6 * ulp; // a formula of few operations
  return [
    ...[0, 0.01].flatMap((weightDecay) =>
      [false, true].map((nesterov) => ({
        op: "sgd",
        name: `${title}, momentum, decay ${weightDecay}, nesterov ${nesterov}`,
        attrs: { nesterov, weightDecay, lrScale: 1 },
        inputs: () => ({ ...step(), ...memory() }),
        outputs: ["newParameter", "newVelocity"],
        rtol,
      })),
    ),
    {
      op: "sgd",
      name: `${title}, plain`,
      attrs: { nesterov: false, weightDecay: 0.01, lrScale: 1 },
      inputs: step,
      outputs: ["newParameter"],
      rtol,
    },
    {
      op: "sgd",
      name: `${title}, scaled gradient, own rate`,
      attrs: { nesterov: false, weightDecay: 0.01, lrScale: 2 },
      inputs: () => ({ ...step(), ...memory(), gradientScale: scalar(0.3) }),
      outputs: ["newParameter", "newVelocity"],
      rtol,
    },
    ...[true, false].flatMap((decoupled) =>
      [
        { count: 1, lrScale: 1, scale: {} },
        { count: 1000, lrScale: 0.5, scale: { gradientScale: scalar(0.3) } },
      ].map(({ count, lrScale, scale }) => ({
        op: "adam",
        name: `${title}, decoupled ${decoupled}, step ${count}`,
        attrs: { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.1, decoupled, lrScale },
        inputs: () => ({
          ...step(),
          ...scale,
          step: scalar(count),
          firstMoment: like(3),
          secondMoment: randomArray(shape, seed + 4, { scale: 0.5, center: 0.5 }),
        }),
        outputs: ["newParameter", "newFirstMoment", "newSecondMoment"],
        // m / √v magnifies the moments' roundings where v is small; the largest parameter is about 1.
        rtol: 16 * ulp,
      })),
    ),
    ...[0, 0.1, 0.5, 1].map((weight) => ({
      op: "lerp",
      name: `${title}, weight ${weight}`,
      attrs: {},
      inputs: () => ({ start: like(5), end: like(6), weight: scalar(weight) }),
      outputs: ["y"],
      rtol: 4 * ulp,
    })),
    ...[{}, { addend: scalar(3) }].map((addend) => ({
      op: "squaredNorm",
      name: `${title}${"addend" in addend ? ", addend" : ""}`,
      attrs: {},
      inputs: () => ({ x: like(7), ...addend }),
      outputs: ["y"],
      rtol: 4 * ulp, // 64 float32 sums of a lane, then float64
    })),
  ];
});

const clipCases = [0, 1e-8, 0.25, 4, 1e8].flatMap((squaredNorm): ConformanceCase[] =>
  [["scale"], ["scale", "norm"]].map((outputs) => ({
    op: "clipScale",
    name: `√${squaredNorm} to ${outputs.join(" and ")}`,
    attrs: { maxNorm: 0.5 },
    inputs: () => ({ squaredNorm: hostArray([], [squaredNorm]) }),
    outputs,
    rtol: ulp,
  })),
);

export const optimizerCases: readonly ConformanceCase[] = [...updateCases, ...clipCases];
