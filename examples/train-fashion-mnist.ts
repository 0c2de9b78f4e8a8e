// Trains a ResNet-18 on a part of Fashion-MNIST with the library, and tests it.
import { findRecipe, loadParts, train, type TrainConfigInput } from "resnet-ts";

const config: TrainConfigInput = {
  ...findRecipe("fashion-resnet34").config,
  model: "resnet18",
  trainSize: 1024,
  validSize: 256,
  epochs: 3,
  batch: 32,
  learningRate: 0.02,
  schedule: "cosine",
};
const data = await loadParts("fashion-mnist", {
  ...findRecipe("fashion-resnet34").config,
  ...config,
});

const { test } = await train(config, data, {
  callbacks: [
    {
      onEpoch({ epoch, trainLoss, validAccuracy }) {
        const accuracy = validAccuracy.toFixed(4);
        console.log(`epoch ${epoch}   train loss ${trainLoss.toFixed(4)}   accuracy ${accuracy}`);
      },
    },
  ],
});
console.log(`test accuracy ${test!.accuracy.toFixed(4)}`);
