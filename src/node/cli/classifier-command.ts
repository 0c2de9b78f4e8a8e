import { Command } from "commander";
import type { DataError } from "../../data/data-error.js";
import { Classifier } from "../predict/classifier.js";
import { openPlace, placeAndWords } from "./checkpoint-of.js";
import { describeUnusedBits } from "../data/images/scan-files.js";
import { networkOf } from "./own-network.js";
import { openExecutor } from "./open-executor.js";
import {
  adapterOption,
  executorOption,
  jsonOption,
  ownModelOption,
  threadsOption,
  type ExecutorFlags,
} from "./options.js";
import { Output } from "./output.js";
import { pretrainedDirOption, pretrainedOption, type PretrainedFlags } from "./pretrained.js";

export interface ClassifierFlags extends ExecutorFlags, PretrainedFlags {
  readonly json?: boolean;
  readonly model?: string;
}

/** A command that shows pictures to the model of a checkpoint: its first argument, and the options that all such have. */
export const classifierCommand = (name: string): Command =>
  new Command(name)
    .argument(
      "[checkpoint]",
      "a run's directory, its last.safetensors or best.safetensors, or an imported file; not with --pretrained",
    )
    .addOption(pretrainedOption())
    .addOption(pretrainedDirOption())
    .addOption(ownModelOption())
    .addOption(executorOption())
    .addOption(threadsOption())
    .addOption(adapterOption())
    .addOption(jsonOption());

/** The checkpoint and the pictures among the words of such a command. @throws {ResnetError} as `placeAndWords` */
export function placeAndImages(
  checkpoint: string | undefined,
  images: string | readonly string[] | undefined,
  flags: PretrainedFlags,
): { readonly place: string; readonly images: readonly string[] } {
  const isOne = !Array.isArray(images);
  const others = isOne ? [images as string | undefined] : (images as readonly string[]);
  const names = ["checkpoint", isOne ? "image" : "images..."];
  const { place, words } = placeAndWords([checkpoint, ...others], flags, names);
  return { place, images: words };
}

/** Opens the classifier for `work`, and closes what it runs on. */
export async function withClassifier(
  place: string,
  flags: ClassifierFlags,
  work: (classifier: Classifier, output: Output) => Promise<void>,
): Promise<void> {
  const output = new Output(flags.json ?? false);
  const executor = await openExecutor(flags, output);
  try {
    const opened = await openPlace(place, flags, output);
    try {
      const model = await networkOf(opened.file, opened.description, flags.model, output);
      await work(await Classifier.open(opened, executor, { ...(model && { model }) }), output);
    } finally {
      await opened.close();
    }
  } finally {
    await executor.close();
  }
}

/** Tells where pictures lose most of their levels on the way to the model, as 12-bit values in 16-bit files do. */
export async function noticeUnusedBits(files: readonly string[], output: Output): Promise<void> {
  const notice = await describeUnusedBits(files);
  if (notice) output.notice(notice);
}

/** Says what is wrong with a file, goes on with the others, and has the command fail in the end. */
export const skipUnreadable =
  (output: Output) =>
  (error: DataError): void => {
    output.notice(`skipped: ${error.message}`);
    process.exitCode = 1;
  };
