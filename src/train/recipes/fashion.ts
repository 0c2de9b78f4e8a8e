import type { DeclaredRecipes, RecipeConfig } from "./recipe.js";

const config: Omit<RecipeConfig, "model"> = {
  modelOptions: { zeroLastNorm: true }, // blocks begin as their shortcut: without it the peak rate makes the loss spike
  data: "fashion-mnist",
  trainSize: 10_000,
  validSize: 1000,
  testSize: null,
  normalize: { mean: [0.5], std: [0.5] },
  epochs: 50,
  batch: 512,
  optimizer: "sgd",
  learningRate: 0.1, // reached after 5 of 50 epochs: at once, a He start diverges and never quite recovers
  momentum: 0.9,
  weightDecay: 0,
  schedule: "cosine:10%",
  labelSmoothing: 0,
  precision: "fp32",
  seed: 1,
};

const source = 'S. Hou, notebook "Deep Residual Learning for Image Recognition", section 4';

const variations = [
  { flags: "--model resnet18", why: "the notebook's exercises; also resnet101, resnet152" },
  { flags: "--optimizer adam --lr 0.001 --schedule constant", why: "the notebook's alternative" },
  { flags: "--schedule constant", why: "the notebook's own, which is luck from a He start" },
  {
    flags: `--model-option dropout=0.5 --set 'earlyStopping={"patience":10}'`,
    why: "two of the means against overfitting that the notebook leaves to its readers",
  },
];

/** The first notebook: 10,000 images of clothing, and what depth does for them. */
export const fashionRecipes: DeclaredRecipes = {
  "fashion-resnet34": {
    title: "ResNet-34 on 10,000 images of Fashion-MNIST, 50 epochs",
    source,
    expected:
      "test accuracy 0.88 (0.878 to 0.882 over eight seeds in bf16); the notebook, with a constant learning rate, prints 0.8685",
    variations,
    config: { ...config, model: "resnet34" },
  },
  "fashion-resnet50": {
    title: "ResNet-50 on 10,000 images of Fashion-MNIST, 50 epochs",
    source,
    expected: "not measured with these settings yet; the notebook prints none",
    variations,
    config: { ...config, model: "resnet50" },
  },
  "fashion-first-epoch": {
    title: "ResNet-34 and ResNet-50 after one epoch at learning rate 0.001",
    source: `${source}.1`,
    expected: "both far from trained: the loss of one epoch is still large",
    variations: [{ flags: "--optimizer adam", why: "the notebook's alternative" }],
    config: {
      ...config,
      model: "resnet34",
      epochs: 1,
      learningRate: 0.001,
      schedule: "constant",
    },
    trainings: { resnet34: { model: "resnet34" }, resnet50: { model: "resnet50" } },
  },
};
