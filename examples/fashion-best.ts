// The best accuracy in little time, over several seeds: what one number hides.
//   node dist/examples/fashion-best.js [training images] [epochs] [seeds]
import { findRecipe, loadParts, train } from "resnet-ts";

const { config: recipe } = findRecipe("fashion-best");
const [images = "60000", epochs = String(recipe.epochs), seeds = "3"] = process.argv.slice(2);

const sizes = { trainSize: Number(images), testSize: Math.min(10_000, Number(images)) };
const accuracies: number[] = [];
for (let seed = 1; seed <= Number(seeds); seed++) {
  const config = { ...recipe, ...sizes, seed, epochs: Number(epochs) };
  const start = performance.now();
  const { test } = await train(config, await loadParts(config.data, config));
  const minutes = (performance.now() - start) / 60_000;
  accuracies.push(test!.accuracy);
  console.log(
    `seed ${seed}: test accuracy ${test!.accuracy.toFixed(4)}, ${minutes.toFixed(1)} min`,
  );
}
const mean = accuracies.reduce((sum, each) => sum + each) / accuracies.length;
const squares = accuracies.reduce((sum, each) => sum + (each - mean) ** 2, 0);
const deviation = Math.sqrt(squares / Math.max(1, accuracies.length - 1));
console.log(`mean ${mean.toFixed(4)}, standard deviation ${deviation.toFixed(4)}`);
