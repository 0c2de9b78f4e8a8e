import { describe, test } from "node:test";
import type { Leaf, Tensor } from "../../src/graph/tensor.js";
import { adaptiveAvgPool2d } from "../../src/ops/adaptive-avg-pool2d.js";
import { adaptiveMaxPool2d } from "../../src/ops/adaptive-max-pool2d.js";
import { add } from "../../src/ops/add.js";
import { avgPool2d } from "../../src/ops/avg-pool2d.js";
import { batchNorm2d, batchNorm2dTraining } from "../../src/ops/batch-norm2d.js";
import { dropout } from "../../src/ops/dropout.js";
import { flatten } from "../../src/ops/flatten.js";
import { leakyRelu } from "../../src/ops/leaky-relu.js";
import { lerp } from "../../src/ops/lerp.js";
import { maxPool2d } from "../../src/ops/max-pool2d.js";
import { relu } from "../../src/ops/relu.js";
import { softmaxCrossEntropy } from "../../src/ops/softmax-cross-entropy.js";
import { stochasticDepth } from "../../src/ops/stochastic-depth.js";
import { subsample } from "../../src/ops/subsample.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { randomKey } from "../../src/tensor/random.js";
import { randomArray, randomIntegers } from "../helpers/arrays.js";
import { checkGradients } from "../helpers/gradient-check.js";

type Leaves = Readonly<Record<string, Leaf>>;

/** H, W, batch, channels. */
const shapes = [
  [1, 1, 1, 1],
  [5, 4, 1, 3],
  [3, 4, 3, 10],
  [7, 6, 2, 3],
] as const;

describe("gradients match finite differences", () => {
  const unary: Readonly<Record<string, (x: Tensor) => Tensor>> = {
    relu,
    "leakyRelu, slope 0.1": (x) => leakyRelu(x, 0.1),
    "leakyRelu, slope 0": (x) => leakyRelu(x, 0),
    adaptiveAvgPool2d,
    adaptiveMaxPool2d,
    flatten,
    "add of a tensor to itself": (x) => add(x, x),
    "a tensor read by three": (x) => add(add(relu(x), leakyRelu(x, 0.5)), x),
  };
  for (const [name, op] of Object.entries(unary)) {
    for (const [seed, shape] of shapes.entries()) {
      test(`${name} on [${shape.join(", ")}]`, () => {
        // Centred off 0: no tie with the kink of relu, and the single element of [1, 1, 1, 1] passes.
        const x = randomArray(shape, seed + 11, { center: 0.2 });
        checkGradients((leaves) => op(leaves["x"]!), { x });
      });
    }
  }

  for (const shape of shapes) {
    test(`add on [${shape.join(", ")}]`, () => {
      const inputs = { a: randomArray(shape, 1), b: randomArray(shape, 2) };
      checkGradients(({ a, b }: Leaves) => add(a!, b!), inputs);
    });
  }

  test("lerp", () => {
    const inputs = {
      start: randomArray([3, 5], 1),
      end: randomArray([3, 5], 2),
      weight: hostArray([], [0.3]),
    };
    const by = ["start", "end"];
    checkGradients(({ start, end, weight }) => lerp(start!, end!, weight!), inputs, { by });
  });

  for (const [kernel, stride, padding] of [
    [1, 1, 0],
    [2, 2, 0],
    [3, 2, 1],
    [3, 1, 1],
    [2, 1, 1],
    [3, 3, 0],
    [5, 2, 2],
  ] as const) {
    for (const [h, w, n, c] of [
      [7, 5, 1, 3],
      [5, 6, 3, 2],
    ] as const) {
      const window = { kernel, stride, padding };
      const title = `${kernel}×${kernel}, stride ${stride}, padding ${padding} on ${h}×${w}, batch ${n}`;
      test(`maxPool2d ${title}`, () => {
        // Negative values throughout: padding must not win.
        const x = randomArray([h, w, n, c], 3, { center: -2 });
        checkGradients((leaves) => maxPool2d(leaves["x"]!, window), { x });
      });
      test(`avgPool2d ${title}`, () => {
        checkGradients((leaves) => avgPool2d(leaves["x"]!, window), {
          x: randomArray([h, w, n, c], 4),
        });
      });
    }
  }
});

describe("batchNorm2d: gradients match finite differences", () => {
  // [2, 1, 1, 3]: two values a channel are the fewest that batch statistics take.
  for (const [h, w, n, c] of [
    [2, 1, 1, 3],
    [5, 4, 1, 1],
    [3, 4, 3, 10],
    [1, 1, 6, 3],
  ] as const) {
    const inputs = {
      x: randomArray([h, w, n, c], 1, { scale: 2, center: 0.5 }),
      weight: randomArray([c], 2, { scale: 0.5, center: 1 }),
      bias: randomArray([c], 3),
    };
    const title = `[${[h, w, n, c].join(", ")}]`;
    test(`through the batch's own statistics on ${title}`, () => {
      // With two values a channel x̂ is ±1 whatever x is: what is left of the gradient is eps-sized.
      const step = h * w * n === 2 ? 1e-3 : 1e-5;
      checkGradients(
        ({ x, weight, bias }: Leaves) =>
          batchNorm2dTraining(x!, { weight: weight!, bias: bias! }, 1e-5).y,
        inputs,
        { step, by: h * w * n === 2 ? ["weight", "bias"] : ["x", "weight", "bias"] },
      );
    });
    test(`a large eps shows the term of the variance, on ${title}`, () => {
      checkGradients(
        ({ x, weight, bias }: Leaves) =>
          batchNorm2dTraining(x!, { weight: weight!, bias: bias! }, 0.5).y,
        inputs,
      );
    });
    test(`with running statistics on ${title}`, () => {
      const statistics = {
        mean: randomArray([c], 4),
        variance: randomArray([c], 5, { scale: 0.5, center: 1 }),
      };
      checkGradients(
        ({ x, weight, bias, mean, variance }: Leaves) =>
          batchNorm2d(
            x!,
            { weight: weight!, bias: bias! },
            { mean: mean!, variance: variance! },
            1e-5,
          ),
        { ...inputs, ...statistics },
        { by: ["x", "weight", "bias"] },
      );
    });
  }
});

describe("softmaxCrossEntropy: gradient matches finite differences", () => {
  for (const smoothing of [0, 0.1, 0.9]) {
    for (const [n, k] of [
      [1, 1],
      [1, 10],
      [3, 2],
      [7, 5],
    ] as const) {
      if (k === 1) continue; // one class: the loss is 0 whatever the logit
      test(`batch ${n}, ${k} classes, smoothing ${smoothing}`, () => {
        checkGradients(
          ({ logits, labels }: Leaves) => softmaxCrossEntropy(logits!, labels!, { smoothing }).loss,
          {
            logits: randomArray([n, k], n, { scale: 3 }),
            labels: randomIntegers([n], n + 1, k, "i32"),
          },
        );
      });
    }
  }
});

test("softmaxCrossEntropy with class weights: gradient matches finite differences", () => {
  for (const smoothing of [0, 0.3]) {
    const classWeights = [0.25, 3, 1, 0.5, 8];
    checkGradients(
      ({ logits, labels }: Leaves) =>
        softmaxCrossEntropy(logits!, labels!, { smoothing, classWeights }).loss,
      {
        logits: randomArray([7, 5], 7, { scale: 3 }),
        labels: randomIntegers([7], 8, 5, "i32"),
      },
    );
  }
});

describe("subsample: gradient matches finite differences", () => {
  for (const [h, w, n, c] of shapes) {
    for (const [stride, padChannels] of [
      [1, [1, 2]],
      [2, [0, 0]],
      [2, [2, 2]],
      [3, [0, 1]],
    ] as const) {
      test(`stride ${stride}, padding ${padChannels.join(" and ")} on ${h}×${w}, batch ${n}`, () => {
        checkGradients((leaves) => subsample(leaves["x"]!, { stride, padChannels }), {
          x: randomArray([h, w, n, c], 5),
        });
      });
    }
  }
});

describe("stochasticDepth: gradient matches finite differences", () => {
  for (const probability of [0, 0.3, 0.6]) {
    test(`probability ${probability}`, () => {
      const key = hostArray([2], randomKey(1, "dropout"), "i32");
      checkGradients(
        (leaves) => stochasticDepth(leaves["x"]!, leaves["key"]!, { probability, stream: 3 }),
        { x: randomArray([3, 2, 6, 2], 1), key },
      );
    });
  }
});

describe("dropout: gradient matches finite differences", () => {
  for (const probability of [0, 0.3, 0.9]) {
    test(`probability ${probability}`, () => {
      const key = hostArray([2], randomKey(1, "dropout"), "i32");
      checkGradients(
        (leaves) => dropout(leaves["x"]!, leaves["key"]!, { probability, stream: 3 }),
        {
          x: randomArray([4, 3, 5, 2], 1),
          key,
        },
      );
    });
  }
});
