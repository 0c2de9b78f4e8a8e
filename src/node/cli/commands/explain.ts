import path from "node:path";
import type { Command } from "commander";
import { gradCam } from "../../../predict/grad-cam.js";
import { gradCamPicture } from "../../report/grad-cam-picture.js";
import { renderPng } from "../../report/picture.js";
import { printable } from "../../../tensor/printable.js";
import {
  noticeUnusedBits,
  classifierCommand,
  placeAndImages,
  withClassifier,
  type ClassifierFlags,
} from "../classifier-command.js";
import { findCheckpoint } from "../../runs/find-checkpoint.js";
import { requireExtension, requireOther } from "../output-file.js";
import { writeOutput } from "../../files/write-output.js";

interface ExplainFlags extends ClassifierFlags {
  readonly out: string;
  readonly label?: string;
  readonly layer?: string;
}

export const explainCommand = (): Command =>
  classifierCommand("explain")
    .summary("draw where in a picture the model sees a class (Grad-CAM)")
    .description(
      "Draws over a picture what speaks for a class: Grad-CAM, Selvaraju et al. 2016, arXiv:1610.02391.",
    )
    .argument("[image]", "the picture")
    .requiredOption("--out <file>", "the drawing to write, .png or .svg")
    .option("--label <class>", "name or number of the class (default: the likeliest)")
    .option("--layer <path>", "layer whose map is drawn (default: the last before the pooling)")
    .addHelpText(
      "after",
      "\nExample:\n  resnet explain runs/first/best.safetensors bee.jpg --out bee-why.png",
    )
    .action(explainImage);

async function explainImage(
  checkpoint: string | undefined,
  word: string | undefined,
  flags: ExplainFlags,
): Promise<void> {
  const { place, images } = placeAndImages(checkpoint, word, flags);
  const image = images[0]!;
  const { label, layer } = flags;
  await requireOther(flags.out, [await findCheckpoint(place), image]);
  const isSvg = path.extname(flags.out).toLowerCase() === ".svg";
  if (!isSvg) requireExtension(flags.out, ".png", "PNG");
  await withClassifier(place, flags, async (classifier, output) => {
    await noticeUnusedBits([image], output);
    const cam = await gradCam(classifier, image, { label, layer });
    const figure = await gradCamPicture(cam, classifier.description.model);
    await writeOutput(flags.out, isSvg ? figure.svg : await renderPng(figure));
    const { label: name, index, probability } = cam.of;
    output.result(
      {
        image,
        out: flags.out,
        layer: cam.layer,
        label: name,
        index,
        probability,
        height: cam.height,
        width: cam.width,
        heat: [...cam.heat],
      },
      `${flags.out}: what speaks for ${printable(name)} (${(100 * probability).toFixed(2)} %) in ${cam.layer}, ` +
        `${cam.height} x ${cam.width}`,
    );
  });
}
