import type { DeclaredRecipes } from "./recipe.js";

/** The second notebook: the ResNet-18 of "Dive into Deep Learning" on enlarged images. */
export const d2lRecipes: DeclaredRecipes = {
  "fashion-resnet18-d2l": {
    title: 'ResNet-18 of "Dive into Deep Learning" on Fashion-MNIST at 96 x 96, 2 epochs',
    source: '"Dive into Deep Learning", https://d2l.ai, chapter on ResNet',
    expected: "test accuracy 0.88 after the 2 epochs; the notebook prints none",
    variations: [
      { flags: "--epochs 10", why: "what the book trains; the notebook's two show the structure" },
      { flags: "--model resnet18 --lr 0.02", why: "unbiased convolutions and an average pool" },
    ],
    config: {
      model: "d2l-resnet18",
      data: "fashion-mnist",
      trainSize: 60_000,
      validSize: 0, // the test images validate, as in the document
      testSize: null,
      transforms: { train: [{ type: "resize", size: 96 }], eval: [{ type: "resize", size: 96 }] },
      normalize: { mean: [0], std: [1] }, // none
      initializer: "xavier-uniform",
      epochs: 2,
      batch: 128,
      optimizer: "sgd",
      learningRate: 0.05,
      momentum: 0,
      weightDecay: 0,
      schedule: "constant",
      labelSmoothing: 0,
      precision: "fp32",
      seed: 1,
    },
  },
};
