import { z } from "zod";
import type { ReplaceOptions } from "../files/replace-file.js";
import type { Executor } from "../../executors/executor.js";
import { isHostArray, type StoredArray } from "../../interop/stored-array.js";
import { ResnetError } from "../../tensor/error.js";
import { hostArray } from "../../tensor/host-array.js";
import type { TensorSpec } from "../../tensor/shape.js";
import { visitArrays } from "../../checkpoint/checksum.js";
import { OpenSafetensors } from "../../interop/open-safetensors.js";
import { nodeSha256, openCheckpointFile, writeCheckpointFile } from "./checkpoint-file.js";
import type { CheckpointDescription } from "../../checkpoint/description.js";
import { parseConfig, type TrainConfig } from "../../train/config/config.js";
import type { EpochMetrics } from "../../train/metrics.js";
import { differences } from "../../nn/state-dict.js";
import { isDataState } from "../../train/state-names.js";
import type { TrainProgress } from "../../train/progress.js";

/** The position of a training in a saved state; the arrays are those of the executor. */
export interface TrainingRecord {
  readonly config: TrainConfig;
  /** Description of model and data; a training resumes only with the same. */
  readonly description: Omit<CheckpointDescription, "epoch">;
  /** The executor with its instruction set and threads, which determine the rounding of sums. */
  readonly executor: string;
  readonly progress: TrainProgress;
  /** Metrics of the completed epochs. */
  readonly epochs: readonly EpochMetrics[];
}

const metadataKey = "resnet-ts-training";

/**
 * Name of the array that holds the metrics of the epochs, as bytes of JSON: they grow with the training, and the
 * length of a header is limited.
 */
const epochsName = "resnet-ts-training.epochs";

/** Metrics in the order in which they were written. JSON has null for the NaN of an epoch without validation. */
const metricsSchema = z
  .record(z.string(), z.number().nullable())
  .transform((metrics) =>
    Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value ?? NaN])),
  );

/** The checksum has been verified, so the record is validated only loosely. */
const recordSchema = z.looseObject({
  config: z.unknown().transform(parseConfig),
  description: z.looseObject({}),
  executor: z.string(),
  progress: z.looseObject({ epoch: z.int().min(0), step: z.int().min(0) }),
  epochs: z.array(metricsSchema),
});

/**
 * Writes everything that a training needs to resume bit for bit: the record, and every array of the executor besides
 * the data, in the executor's layout. It is one file, written whole or not at all, so that all parts are of the same
 * step.
 */
export async function writeTrainingState(
  file: string,
  record: TrainingRecord,
  executor: Executor,
  options?: ReplaceOptions,
): Promise<void> {
  const { epochs, ...rest } = record;
  const text = new TextEncoder().encode(JSON.stringify(epochs));
  const epochsArray = hostArray([text.length], text, "u8");
  const source = {
    specs: new Map([...trainedStates(executor), [epochsName, epochsArray] as const]),
    read: async (name: string): Promise<StoredArray> =>
      name === epochsName ? epochsArray : await executor.read(name),
  };
  await writeCheckpointFile(file, source, { [metadataKey]: JSON.stringify(rest) }, options);
}

/** Parameters, running statistics, moments, averages: every state except the data. */
const trainedStates = (executor: Executor): ReadonlyMap<string, TensorSpec> =>
  new Map([...executor.states()].filter(([name]) => !isDataState(name)));

/** A training state on disk whose checksum was verified. */
export interface SavedTraining extends TrainingRecord {
  readonly file: string;
  /**
   * Writes the arrays into an executor which has the programs of this training loaded.
   *
   * @throws {ResnetError} `ERR_CHECKPOINT` if the executor has other arrays
   */
  restore(executor: Executor): Promise<void>;
}

/** @throws {ResnetError} `ERR_CHECKPOINT` if there is no such file, or it is damaged; as `readSafetensors` */
export async function readTrainingState(file: string): Promise<SavedTraining> {
  const opened = await OpenSafetensors.open(await openCheckpointFile(file));
  try {
    let epochs: string | undefined;
    const visit = (name: string, array: StoredArray): void => {
      if (name === epochsName && array.dtype === "u8")
        epochs = new TextDecoder().decode(array.data);
    };
    await visitArrays(opened, visit, nodeSha256);
    const record = parseRecord(file, opened.metadata.get(metadataKey), epochs);
    return { ...record, file, restore: (executor) => restore(file, executor) };
  } finally {
    await opened.close();
  }
}

function parseRecord(file: string, text = "", epochs = ""): TrainingRecord {
  try {
    const record = { ...(JSON.parse(text) as object), epochs: JSON.parse(epochs) as unknown };
    return recordSchema.parse(record) as unknown as TrainingRecord;
  } catch (error) {
    throw new ResnetError(
      "ERR_CHECKPOINT",
      `${file}: it is not a training state of this version of resnet train`,
      { cause: error },
    );
  }
}

async function restore(file: string, executor: Executor): Promise<void> {
  const opened = await OpenSafetensors.open(await openCheckpointFile(file));
  try {
    const states = trainedStates(executor);
    const places = new Map([...opened.places].filter(([name]) => name !== epochsName));
    const findings = differences(states, places);
    if (findings) {
      throw new ResnetError(
        "ERR_CHECKPOINT",
        `${file}: the state is of another training:\n${findings}`,
      );
    }
    const visit = async (name: string, array: StoredArray): Promise<void> => {
      if (name !== epochsName && isHostArray(array)) await executor.write(name, array);
    };
    await visitArrays(opened, visit, nodeSha256);
  } finally {
    await opened.close();
  }
}
