// The paper's section 4.2: one of its nets for CIFAR-10, by its rules. In full, 64,000 steps.
//   node dist/examples/paper-cifar.js DATA-DIRECTORY [layers: 20, 32, 44, 56, 110] [training images] [epochs]
import { findRecipe, loadParts, train } from "resnet-ts";

const [dataDir, layers = "20", images = "50000", epochs = "164"] = process.argv.slice(2);
const { config: recipe, expected } = findRecipe(`cifar10-resnet${layers}`);
const sizes = { trainSize: Number(images), testSize: Math.min(10_000, Number(images)) };
const config = { ...recipe, ...sizes, epochs: Number(epochs) };

const parts = await loadParts("cifar10", config, { dataDir });
const { test } = await train(config, parts, {
  callbacks: [
    {
      onEpoch({ epoch, trainAccuracy, validAccuracy }) {
        const [train, valid] = [trainAccuracy, validAccuracy].map(error);
        console.log(`epoch ${epoch}: training error ${train}, test error ${valid}`);
      },
    },
  ],
});
console.log(`test error ${error(test!.accuracy)}; the recipe expects ${expected}`);

function error(accuracy: number): string {
  return `${(100 * (1 - accuracy)).toFixed(2)} %`;
}
