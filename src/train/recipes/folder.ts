import type { DeclaredRecipes } from "./recipe.js";

/** ImageNet's, which networks trained on it expect. */
const normalize = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** A starting point for one's own photographs. */
export const folderRecipes: DeclaredRecipes = {
  "image-folder": {
    title: "ResNet-18 on your own photographs, a folder per class: --data FOLDER",
    source: "sizes, augmentation and normalization of torchvision's training reference",
    expected: "depends on the photographs; some hundred of them are few to start from nothing",
    config: {
      model: "resnet18",
      data: "",
      trainSize: null,
      validSize: null,
      testSize: null,
      transforms: {
        train: [{ type: "randomResizedCrop", size: 224 }, { type: "randomHorizontalFlip" }],
        eval: [
          { type: "resize", size: 256 },
          { type: "centerCrop", size: 224 },
        ],
      },
      normalize,
      epochs: 30,
      batch: 32,
      optimizer: "sgd",
      learningRate: 0.0125, // 0.1 for 256 images, as the reference has it
      momentum: 0.9,
      weightDecay: 1e-4,
      schedule: "cosine:10%",
      labelSmoothing: 0.1,
      precision: "fp32",
      seed: 1,
    },
  },
};
