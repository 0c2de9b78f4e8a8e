import type { Command } from "commander";
import { DataError } from "../../../data/data-error.js";
import { findImages } from "../../data/images/find-images.js";
import { writeSafetensors } from "../../../interop/write-safetensors.js";
import { features, type Features } from "../../../predict/features.js";
import { hostArray } from "../../../tensor/host-array.js";
import {
  noticeUnusedBits,
  classifierCommand,
  placeAndImages,
  skipUnreadable,
  withClassifier,
  type ClassifierFlags,
} from "../classifier-command.js";
import { wholeNumber } from "../options.js";
import { findCheckpoint } from "../../runs/find-checkpoint.js";
import { requireExtension, requireOther } from "../output-file.js";
import { writeOutput } from "../../files/write-output.js";

interface FeaturesFlags extends ClassifierFlags {
  readonly out: string;
  readonly layer?: string;
  readonly batch: number;
}

export const featuresCommand = (): Command =>
  classifierCommand("features")
    .summary("write what a layer makes of pictures")
    .description(
      "Writes the output of any layer for pictures as safetensors: `features`, N x C or N x C x H x W, " +
        "and the pictures' names as JSON in the metadata.",
    )
    .argument("[images...]", "files, folders, or patterns such as 'photos/**/*.jpg'")
    .requiredOption("--out <file.safetensors>", "the file to write")
    .option("--layer <path>", "such as layer4 (default: the embedding that the classifier reads)")
    .option("--batch <n>", "pictures that the model is shown at a time", wholeNumber, 16)
    .addHelpText(
      "after",
      "\nExample:\n  resnet features runs/first/best.safetensors photos/ --out photos.safetensors",
    )
    .action(writeFeatures);

async function writeFeatures(
  checkpoint: string | undefined,
  others: readonly string[],
  { out, layer, batch, ...flags }: FeaturesFlags,
): Promise<void> {
  const { place, images } = placeAndImages(checkpoint, others, flags);
  const files = await findImages(images);
  await requireOther(out, [await findCheckpoint(place), ...files]);
  requireExtension(out, ".safetensors", "safetensors");
  await withClassifier(place, flags, async (classifier, output) => {
    await noticeUnusedBits(files, output);
    const options = { layer, batch, onUnreadable: skipUnreadable(output) };
    const found: Features[] = [];
    for await (const each of features(classifier, files, options)) found.push(each);
    if (found.length === 0)
      throw new DataError(
        "ERR_DATA_IMAGE",
        `none of the pictures can be read: ${out} is not written`,
      );
    const stacked = stack(found);
    const names = JSON.stringify(found.map(({ image }) => image));
    const file = await writeSafetensors(new Map([["features", stacked]]), { images: names });
    await writeOutput(out, file);
    output.result(
      { out, shape: stacked.shape, images: found.map(({ image }) => image) },
      `${out}: features ${stacked.shape.join(" x ")}`,
    );
  });
}

/** Features of N pictures as one array, `[N, …]`. */
function stack(found: readonly Features[]) {
  const { shape, data } = found[0]!.values;
  const size = data.length;
  const all = new Float32Array(found.length * size);
  for (const [i, { values }] of found.entries()) all.set(values.data, i * size);
  return hostArray([found.length, ...shape], all);
}
