import type { Command } from "commander";
import { findImages } from "../../data/images/find-images.js";
import { predict, type Prediction } from "../../../predict/predict.js";
import { printable } from "../../../tensor/printable.js";
import {
  noticeUnusedBits,
  classifierCommand,
  placeAndImages,
  skipUnreadable,
  withClassifier,
  type ClassifierFlags,
} from "../classifier-command.js";
import { wholeNumber } from "../options.js";

interface PredictFlags extends ClassifierFlags {
  readonly top: number;
  readonly batch: number;
}

export const predictCommand = (): Command =>
  classifierCommand("predict")
    .summary("say what is in pictures")
    .description(
      "Predicts the classes of pictures: JPEG, PNG, WebP, AVIF, GIF, TIFF, BMP, PBM, PGM or PPM, of any size.",
    )
    .argument("[images...]", "files, folders, or patterns such as 'photos/**/*.jpg'")
    .option("--top <k>", "how many classes of each picture", wholeNumber, 5)
    .option("--batch <n>", "pictures that the model is shown at a time", wholeNumber, 16)
    .addHelpText(
      "after",
      "\nExample:\n  resnet predict runs/first/best.safetensors cat.jpg photos/",
    )
    .action(predictImages);

async function predictImages(
  checkpoint: string | undefined,
  others: readonly string[],
  { top, batch, ...flags }: PredictFlags,
): Promise<void> {
  const { place, images } = placeAndImages(checkpoint, others, flags);
  const files = await findImages(images);
  await withClassifier(place, flags, async (classifier, output) => {
    await noticeUnusedBits(files, output);
    const predictions: Prediction[] = [];
    const options = { top, batch, onUnreadable: skipUnreadable(output) };
    for await (const prediction of predict(classifier, files, options)) {
      if (flags.json) predictions.push(prediction);
      else output.say(formatPrediction(prediction));
    }
    if (flags.json) output.result(predictions, "");
  });
}

const formatPrediction = ({ image, top }: Prediction): string =>
  [
    printable(image, Infinity),
    ...top.map(
      ({ label, probability }) =>
        `  ${(100 * probability).toFixed(2).padStart(6)} %  ${printable(label)}`,
    ),
  ].join("\n");
