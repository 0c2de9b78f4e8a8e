import { Command } from "commander";
import { labelsOf } from "../../../data/image-files.js";
import { composeTransforms } from "../../../data/transforms/compose-transforms.js";
import { sampleKey } from "../../../data/transforms/draws.js";
import type { ImageBytes } from "../../../data/transforms/image-bytes.js";
import { formatTransforms } from "../../../data/transforms/transform-text.js";
import { isRandom, type TransformList } from "../../../data/transforms/transform.js";
import { ink } from "../../../report/svg.js";
import { imageGrid, imageOf, type Tile } from "../../report/image-grid.js";
import { randomKey } from "../../../tensor/random.js";
import { configOptions } from "../config-options.js";
import { loadPartsOf } from "../load-data.js";
import { dataDirOption, jsonOption, wholeNumber } from "../options.js";
import { Output } from "../output.js";
import { configOf } from "../training/train-config.js";
import { pictureFormat, pictureOf } from "../output-file.js";
import { writeOutput } from "../../files/write-output.js";

interface PreviewFlags {
  readonly recipe?: string;
  readonly images: number;
  readonly out: string;
  readonly dataDir?: string;
  readonly json?: boolean;
}

export const previewCommand = (): Command =>
  new Command("preview")
    .summary("draw training images as a training sees them")
    .description(
      "Draws some of a run's training images: each as it is, and as the first epochs see it.\n" +
        "Without random transforms, more images, once each.",
    )
    .argument(
      "[data]",
      "a data set's name, a folder of photographs, or a .csv of paths and labels (default: the recipe's)",
    )
    .option("--recipe <name>", "whose data, transforms and seed (default: as resnet train)")
    .addOption(configOptions["transforms.train"]!)
    .addOption(configOptions["seed"]!)
    .option("--images <n>", "rows of the grid, one image each", wholeNumber, 6)
    .option("--out <file>", "the picture, .svg or .png", "preview.png")
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      '\nExample:\n  resnet data preview cifar10 --train-transforms "randomCrop(32, padding=4) randomHorizontalFlip"',
    )
    .action(preview);

const columns = 8;

async function preview(data: string | undefined, flags: PreviewFlags): Promise<void> {
  const output = new Output(flags.json ?? false);
  pictureFormat(flags.out);
  const named =
    data === undefined ? {} : { data: configOptions["data"]!.parseArg?.(data, data) ?? data };
  const config = configOf(flags.recipe, { ...flags, ...named });
  const { train } = await loadPartsOf(config.data, config, flags, output);
  const list = config.transforms.train;
  const read = imageOf(train);
  const isVaried = list.some(isRandom);
  const labels = labelsOf(train);
  const count = Math.min(labels.length, isVaried ? flags.images : flags.images * columns);
  const tiles: Tile[] = [];
  for (let i = 0; i < count; i++) {
    const row = Math.floor((i * labels.length) / count); // of all classes, where they come in order
    const heading = train.classes[labels[row]!]!;
    const image = await read(row);
    for (const { detail, made } of isVaried
      ? versions(image, row, list, config.seed)
      : once(image, list))
      tiles.push({
        image: made,
        heading: { name: heading },
        headingColour: ink.strong,
        detail: { name: detail },
      });
  }
  const note = `${formatTransforms(list)}, seed ${config.seed}`;
  const grid = await imageGrid(`${train.name}: what training sees`, [note], tiles);
  await writeOutput(flags.out, await pictureOf(flags.out, grid));
  output.result(
    { file: flags.out, data: train.name, transforms: list, images: count },
    `${flags.out}: ${count} images of ${train.name}, ${note}`,
  );
}

interface Version {
  readonly detail: string;
  readonly made: ImageBytes;
}

/** The image itself, then as each of the first epochs sees it. */
function versions(image: ImageBytes, row: number, list: TransformList, seed: number): Version[] {
  const transform = composeTransforms(list);
  const epochs = Array.from({ length: columns - 1 }, (_, epoch) => ({
    detail: `epoch ${epoch + 1}`,
    made: transform(image, sampleKey(randomKey(seed, "augment", epoch), row)),
  }));
  return [{ detail: "as it is", made: image }, ...epochs];
}

function once(image: ImageBytes, list: TransformList): Version[] {
  const made = composeTransforms(list)(image, null);
  return [{ detail: `${made.height} x ${made.width}`, made }];
}
