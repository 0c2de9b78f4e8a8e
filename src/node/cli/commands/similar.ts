import path from "node:path";
import type { Command } from "commander";
import { DataError } from "../../../data/data-error.js";
import { findImages } from "../../data/images/find-images.js";
import { features, type Features } from "../../../predict/features.js";
import { nearest } from "../../../predict/nearest.js";
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

interface SimilarFlags extends ClassifierFlags {
  readonly among: readonly string[];
  readonly top: number;
  readonly batch: number;
}

export const similarCommand = (): Command =>
  classifierCommand("similar")
    .summary("find the pictures that are most like one")
    .description(
      "Compares the embedding of a picture, what the classifier reads, with those of others: by their cosine.",
    )
    .argument("[image]", "the picture")
    .requiredOption("--among <images...>", "files, folders, or patterns such as 'photos/**/*.jpg'")
    .option("--top <k>", "how many pictures to name", wholeNumber, 5)
    .option("--batch <n>", "pictures that the model is shown at a time", wholeNumber, 16)
    .addHelpText(
      "after",
      "\nExample:\n  resnet similar runs/first/best.safetensors bee.jpg --among photos/",
    )
    .action(findSimilar);

async function findSimilar(
  checkpoint: string | undefined,
  word: string | undefined,
  { among, top, batch, ...flags }: SimilarFlags,
): Promise<void> {
  const { place, images } = placeAndImages(checkpoint, word, flags);
  const image = images[0]!;
  const found = await findImages(among);
  const files = found.filter((file) => path.resolve(file) !== path.resolve(image));
  await withClassifier(place, flags, async (classifier, output) => {
    await noticeUnusedBits([image, ...files], output);
    const options = { batch, onUnreadable: skipUnreadable(output) };
    const query = await features(classifier, [image]).next();
    const candidates: Features[] = [];
    for await (const each of features(classifier, files, options)) candidates.push(each);
    if (candidates.length === 0)
      throw new DataError("ERR_DATA_IMAGE", `there is no picture to compare ${image} with`);
    const neighbours = nearest(query.value!.values, candidates, top);
    output.result(
      { image, neighbours },
      neighbours
        .map((each) => `${each.similarity.toFixed(4)}  ${printable(each.image, Infinity)}`)
        .join("\n"),
    );
  });
}
