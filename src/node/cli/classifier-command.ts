import { Command } from "commander";
import type { DataError } from "../../data/data-error.js";
import { Classifier } from "../predict/classifier.js";
import { checkpointOf } from "./checkpoint-of.js";
import { describeUnusedBits } from "../data/images/scan-files.js";
import { openCheckpoint } from "../runs/checkpoint-file.js";
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

export interface ClassifierFlags extends ExecutorFlags {
  readonly json?: boolean;
  readonly model?: string;
}

/** A command that shows pictures to the model of a checkpoint: its first argument, and the options that all such have. */
export const classifierCommand = (name: string): Command =>
  new Command(name)
    .argument(
      "<checkpoint>",
      "a run's directory, its last.safetensors or best.safetensors, or an imported file",
    )
    .addOption(ownModelOption())
    .addOption(executorOption())
    .addOption(threadsOption())
    .addOption(adapterOption())
    .addOption(jsonOption());

/** Opens the classifier for `work`, and closes what it runs on. */
export async function withClassifier(
  checkpoint: string,
  flags: ClassifierFlags,
  work: (classifier: Classifier, output: Output) => Promise<void>,
): Promise<void> {
  const output = new Output(flags.json ?? false);
  const executor = await openExecutor(flags, output);
  try {
    const opened = await openCheckpoint(await checkpointOf(checkpoint, output));
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
