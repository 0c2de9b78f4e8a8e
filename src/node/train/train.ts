import type { Callback, TrainResult } from "../../train/callbacks.js";
import { parseConfig, type TrainConfigInput } from "../../train/config/config.js";
import { checkOptions } from "../../tensor/check-options.js";
import {
  train as trainInMemory,
  trainOptionNames,
  type TrainData,
  type TrainOptions,
} from "../../train/train.js";
import { imageFileOpener, type FileReading } from "./image-file-opener.js";
import { ReportRun } from "../report/report-run.js";
import { firstWeights } from "../runs/first-weights.js";
import { RunDirectory } from "../runs/run-directory.js";
import { SaveRun } from "../runs/save-run.js";

export interface NodeTrainOptions extends Omit<TrainOptions, "files">, FileReading {
  /** A new run directory, for configuration, metrics, weights, report and charts. Default: nothing is written. */
  readonly out?: string;
  /** The directory of a run to go on with, bit for bit. */
  readonly resume?: string;
  /**
   * Called with a line if a damaged training state was replaced by the one before it, and for each choice that was made in
   * taking the weights of `init`.
   */
  readonly onNotice?: (notice: string) => void;
}

const nodeTrainOptionNames = [
  "out",
  "resume",
  ...trainOptionNames.filter((name) => name !== "files"),
  "workers",
  "cache",
  "onNotice",
];

/**
 * Trains a model as a configuration says, validates it after each epoch, and tests it: `train` of the portable core, with
 * images in files, weights in files (`init`), and run directories.
 *
 *     const config = findRecipe("fashion-resnet34").config;
 *     const { test } = await train(config, await loadParts(config.data, config), { out: "runs/first" });
 *
 * @throws {ResnetError} as the portable `train`; `ERR_RUN_DIRECTORY` if the directory cannot be used
 */
export async function train(
  config: TrainConfigInput,
  data: TrainData,
  given: NodeTrainOptions = {},
): Promise<TrainResult> {
  checkOptions("train", given, nodeTrainOptionNames);
  const { out, resume, ...options } = given;
  if (out === undefined && resume === undefined) return trainFromFiles(config, data, options);
  const run =
    resume === undefined
      ? await RunDirectory.create(out!)
      : await RunDirectory.open(resume, options.onNotice ?? (() => {}));
  try {
    return await trainRun(run, config, data, options);
  } finally {
    await run.close();
  }
}

/** The same in a run directory that is open already. Its callbacks come before those of the options. */
export const trainRun = (
  run: RunDirectory,
  config: TrainConfigInput,
  data: TrainData,
  options: Omit<NodeTrainOptions, "out" | "resume">,
): Promise<TrainResult> => {
  const own: readonly Callback[] = [new SaveRun(run, data), new ReportRun(run, data)];
  return trainFromFiles(config, data, {
    ...options,
    callbacks: [...own, ...(options.callbacks ?? [])],
  });
};

async function trainFromFiles(
  config: TrainConfigInput,
  data: TrainData,
  { workers, cache, onNotice, ...options }: Omit<NodeTrainOptions, "out" | "resume">,
): Promise<TrainResult> {
  const settings = parseConfig(config);
  return trainInMemory(settings, data, {
    async weights(model) {
      const { state, notices } = await firstWeights(model, settings, data.train.classes);
      for (const notice of notices) onNotice?.(notice);
      return state;
    },
    ...options,
    files: imageFileOpener({ workers, cache }),
  });
}
