// A training on a folder of small pictures that takes seconds.
import type { TestContext } from "node:test";
import { writeImageFolder } from "./image-folder.js";

/** The words of the command, but for its name. */
export async function folderTraining(
  t: TestContext,
  counts?: Readonly<Record<string, number>>,
): Promise<readonly string[]> {
  return [
    "train",
    `--data=${await writeImageFolder(t, counts)}`,
    "--model=cifar-resnet20",
    "--model-option=width=4",
    "--epochs=2",
    "--batch=8",
    "--threads=1",
    "--workers=1",
    "--train-transforms=resize(20) randomCrop(16) randomHorizontalFlip",
    "--eval-transforms=resize(20) centerCrop(16)",
  ];
}
