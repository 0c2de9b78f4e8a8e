import type { DeclaredRecipe, DeclaredRecipes, RecipeConfig } from "./recipe.js";

const source = "He et al. 2015, arXiv:1512.03385, section 4.2";

/** Keeps CIFAR's images unchanged, and makes the recipes fit other data sets. */
const toSize = { type: "resize", size: 32 } as const;

/** All 50,000 images, the test images for validation, four padded pixels and a flip: 391 steps in an epoch. */
const paper: Omit<RecipeConfig, "model"> = {
  data: "cifar10",
  trainSize: 50_000,
  validSize: 0,
  testSize: null,
  transforms: {
    train: [toSize, { type: "randomCrop", size: 32, padding: 4 }, { type: "randomHorizontalFlip" }],
    eval: [toSize],
  },
  // Mean and deviation of each channel, as is usual today. The paper subtracts the mean of each pixel and does not divide.
  normalize: { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  epochs: 164, // 64,124 steps; the paper stops at 64,000
  batch: 128,
  optimizer: "sgd",
  learningRate: 0.1,
  momentum: 0.9,
  weightDecay: 1e-4,
  schedule: "multi-step:49.9033%,74.855%", // 32,000 and 48,000 of the 64,124 steps
  labelSmoothing: 0,
  precision: "fp32",
  seed: 1,
};

/**
 * 400 steps to the full learning rate, and the falls where they were. The paper takes a tenth of it until the training
 * error is below 80 %, which it says takes about 400 steps.
 */
const warm = "warmup:0.6238%+multi-step:49.2795%,74.2312%";

const residual = (depth: number, error: string): DeclaredRecipe => ({
  title: `The paper's ResNet-${depth} on CIFAR-10`,
  source,
  expected: `test error ${error} %, as in the paper's table 6`,
  variations: [{ flags: `--model plain${depth}`, why: "the same net without its shortcuts" }],
  config: {
    ...paper,
    model: `cifar-resnet${depth}`,
    ...(depth === 110 && { schedule: warm }),
  },
});

export const cifarRecipes: DeclaredRecipes = {
  "cifar10-resnet20": residual(20, "8.75"),
  "cifar10-resnet32": residual(32, "7.51"),
  "cifar10-resnet44": residual(44, "7.17"),
  "cifar10-resnet56": residual(56, "6.97"),
  "cifar10-resnet110": residual(110, "6.43"),
  degradation: {
    title:
      "Plain and residual nets of 20 and 56 layers on CIFAR-10: deeper is worse, but for shortcuts",
    source: `${source}, figures 1 and 6`,
    expected:
      "in the paper, the plain net of 56 layers ends with more training error than that of 20; the residual nets the other way round",
    variations: [
      { flags: "--data fashion-mnist", why: "the same comparison on a smaller task" },
      { flags: "--epochs 20 --limit-train 10000", why: "the tendency, in a fraction of the time" },
    ],
    config: { ...paper, model: "plain20" },
    trainings: {
      plain20: { model: "plain20" },
      plain56: { model: "plain56" },
      "cifar-resnet20": { model: "cifar-resnet20" },
      "cifar-resnet56": { model: "cifar-resnet56" },
    },
  },
  "cifar10-resnet50": {
    title: "torchvision's ResNet-50 on CIFAR-10, 10 epochs",
    source: 'notebook "ResNet" with torchvision\'s resnet50, its last section',
    expected: "not measured in full length yet; the notebook prints none",
    variations: [
      { flags: "--model resnet18", why: "a network with less than half of the multiply-adds" },
    ],
    config: {
      model: "resnet50",
      data: "cifar10",
      trainSize: 50_000,
      validSize: 0,
      testSize: null,
      normalize: { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] },
      epochs: 10,
      batch: 64,
      optimizer: "sgd",
      learningRate: 0.01,
      momentum: 0.9,
      weightDecay: 1e-4,
      schedule: "step:10:0.1",
      labelSmoothing: 0,
      evaluateEvery: 2,
      keepEpochs: true,
      precision: "fp32",
      seed: 1,
    },
  },
};
