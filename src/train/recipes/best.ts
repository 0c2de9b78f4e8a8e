import type { DeclaredRecipes } from "./recipe.js";

/** Everything that is known to help small residual nets, combined. */
export const bestRecipes: DeclaredRecipes = {
  "fashion-best": {
    title: "ResNet-20 on all of Fashion-MNIST with everything that helps, in little time",
    source:
      "one-cycle: Smith and Topin 2017, arXiv:1708.07120; smoothing: Szegedy et al. 2015, arXiv:1512.00567; no decay on norms: He et al. 2018, arXiv:1812.01187; ten views of each test image: Krizhevsky et al. 2012",
    expected: "test accuracy 0.947, and 0.944 where each image is shown once",
    variations: [
      { flags: "--precision bf16", why: "faster where the processor multiplies bfloat16" },
      { flags: "--model cifar-resnet56", why: "a deeper net, with three times the work" },
    ],
    config: {
      model: "cifar-resnet20",
      data: "fashion-mnist",
      trainSize: 60_000,
      validSize: 0,
      testSize: null,
      transforms: {
        train: [{ type: "randomCrop", size: 28, padding: 2 }, { type: "randomHorizontalFlip" }],
        eval: [],
      },
      testViews: { mirror: true, shift: 1 },
      normalize: { mean: [0.286], std: [0.353] },
      epochs: 24,
      evaluateEvery: 5,
      batch: 128,
      optimizer: "sgd",
      learningRate: 0.2,
      momentum: 0.9,
      nesterov: true,
      weightDecay: 5e-4,
      weightDecayOn: "weights",
      schedule: { kind: "one-cycle", rise: 0.2 },
      labelSmoothing: 0.1,
      emaDecay: 0.999,
      precision: "fp32",
      seed: 1,
    },
  },
};
