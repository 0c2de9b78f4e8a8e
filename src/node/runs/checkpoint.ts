import { z } from "zod";
import { side } from "../../data/transforms/define-transform.js";
import { testViewsSchema } from "../../data/transforms/test-views.js";
import { isRandom, transformSchema } from "../../data/transforms/transform.js";
import type { Executor } from "../../executors/executor.js";
import type { OpenSafetensors } from "../interop/open-safetensors.js";
import { unusableValue } from "../../interop/check-values.js";
import type { InteropError } from "../../interop/interop-error.js";
import { fromTorchLayout } from "../../interop/torch-layout.js";
import { isHostArray, type StoredArray } from "../../interop/stored-array.js";
import type { ArraySource } from "../../interop/write-safetensors.js";
import { namedState, type Module } from "../../nn/module.js";
import { ResnetError } from "../../tensor/error.js";
import type { HostArray } from "../../tensor/host-array.js";
import { findCheckpoint } from "./find-checkpoint.js";
import { openCheckpointFile, visitArrays, writeCheckpointFile } from "./checkpoint-file.js";
import { checkModelState, type ModelState } from "../../train/weights/model-state.js";
import { variantSchema } from "../../train/config/model-variant.js";
import { normalizeSchema } from "../../train/config/normalize-schema.js";
import { parseSettings } from "../../train/config/parse-settings.js";

/** Values of an image: beyond this, a file asks for memory that nobody means to give. */
const maxImageValues = 2 ** 28;

const imageShape = z
  .tuple([side, side, z.int().min(1)])
  .refine(
    ([height, width, channels]) => height * width * channels <= maxImageValues,
    `an image has at most ${maxImageValues} values`,
  );

/** What is needed to use the weights: stands in the file's metadata, so that a checkpoint alone can predict. */
const fields = z.object({
  model: z.string(),
  /** How it differs from the one of that name; not at all where nothing is said. */
  modelOptions: variantSchema.optional(),
  classes: z.array(z.string()).min(1),
  /** Height, width and channels of what the model sees. */
  imageShape,
  /** What it was trained in, and so is evaluated in; fp32 where nothing is said. */
  precision: z.enum(["fp32", "bf16"]).optional(),
  /** What is done to an image of the data before it is normalized; nothing where nothing is said. */
  transforms: z
    .array(transformSchema)
    .refine((list) => !list.some(isRandom), "a random transform is for training only")
    .optional(),
  /** What its test shows of each image; where nothing is said, the image as it is. */
  testViews: testViewsSchema.optional(),
  normalize: normalizeSchema,
  /** What it was trained on: the rows can be drawn again. Imported weights do not say. */
  data: z
    .object({
      name: z.string(),
      trainSize: z.int().min(1),
      validSize: z.int().min(0),
      /** Of the test images, which validate where `validSize` is 0; all where nothing is said. */
      testSize: z.int().min(1).optional(),
      seed: z.int().min(0),
      stratify: z.boolean().optional(),
      /** What tells its images from others; versions before had none. */
      fingerprint: z.object({ train: z.string(), valid: z.string(), test: z.string() }).optional(),
    })
    .optional(),
  /** Whole epochs that the weights were trained for. */
  epoch: z.int().min(0),
  /** Steps after those, where the training was stopped within an epoch. */
  step: z.int().min(1).optional(),
});

const descriptionSchema = fields.refine(
  ({ imageShape: [, , channels], normalize: { mean, std } }) =>
    mean.length === channels && std.length === channels,
  {
    path: ["normalize"],
    message: "there should be a mean and a deviation for each channel of imageShape",
  },
);

export type CheckpointDescription = z.infer<typeof descriptionSchema>;

const metadataKey = "resnet-ts";

/**
 * The metadata of a checkpoint. `format: "pt"` says that names and layouts are PyTorch's.
 *
 * @throws {ResnetError} `ERR_CHECKPOINT` if the description could not be read back
 */
export function checkpointMetadata(description: CheckpointDescription): Record<string, string> {
  parseSettings(descriptionSchema, description, "the checkpoint's description", "ERR_CHECKPOINT");
  return { format: "pt", [metadataKey]: JSON.stringify(description) };
}

/**
 * Writes a checkpoint, whole or not at all: weights and running statistics, under PyTorch's names and in its layout,
 * with a checksum inside.
 *
 * @param weights read one by one: `modelSource` takes them out of an executor
 * @throws {ResnetError} `ERR_CHECKPOINT` if the description could not be read back
 */
export async function writeCheckpoint(
  file: string,
  description: CheckpointDescription,
  weights: ArraySource,
): Promise<void> {
  await writeCheckpointFile(file, weights, checkpointMetadata(description));
}

/** A checkpoint of which the description has been read, and the weights not yet. */
export class Checkpoint {
  private constructor(
    readonly file: string,
    readonly description: CheckpointDescription,
    private readonly opened: OpenSafetensors,
  ) {}

  /**
   * @param place a file, or a run's directory: then its `best.safetensors`, else `last.safetensors`
   * @throws {ResnetError} `ERR_CHECKPOINT` if the file cannot be read or says nothing of its model;
   *   the codes of `readSafetensors` if it is damaged
   */
  static async open(place: string): Promise<Checkpoint> {
    const file = await findCheckpoint(place);
    const opened = await openCheckpointFile(file);
    try {
      const description = parseDescription(file, opened.metadata.get(metadataKey));
      return new Checkpoint(file, description, opened);
    } catch (error) {
      await opened.close();
      throw error;
    }
  }

  /**
   * Writes the weights into an executor, one by one: they are never in memory twice.
   *
   * @throws {ResnetError} `ERR_CHECKPOINT` if they are not of this model, as `writeModelState`, or damaged
   * @throws {InteropError} `ERR_WEIGHTS_VALUES` if one of them is NaN or infinite
   */
  async load(executor: Executor, model: Module): Promise<void> {
    const leaves = namedState(model);
    checkModelState(model, this.opened.places);
    await this.visit(async (name, array) => {
      if (leaves.has(name)) await executor.write(name, fromTorchLayout(array));
    });
  }

  /** The weights, in PyTorch's layout. @throws {ResnetError} as `tensors` */
  async read(): Promise<ModelState> {
    const state = new Map<string, HostArray>();
    await this.visit((name, array) => state.set(name, array));
    return state;
  }

  /**
   * Everything that the file has: the weights, and `num_batches_tracked` where they were imported.
   *
   * @throws {ResnetError} `ERR_CHECKPOINT` if they are damaged; `ERR_WEIGHTS_VALUES` if one of them is NaN or infinite
   */
  async tensors(): Promise<ReadonlyMap<string, StoredArray>> {
    const tensors = new Map<string, StoredArray>();
    await this.visitAll((name, array) => tensors.set(name, array));
    return tensors;
  }

  close(): Promise<void> {
    return this.opened.close();
  }

  private visit(use: (name: string, array: HostArray) => unknown): Promise<void> {
    return this.visitAll((name, array) => (isHostArray(array) ? use(name, array) : undefined));
  }

  /** Weights that are not finite are reported after the checksum, which says more about a damaged file. */
  private async visitAll(use: (name: string, array: StoredArray) => unknown): Promise<void> {
    let unusable: InteropError | undefined;
    await visitArrays(this.opened, this.file, async (name, array) => {
      unusable ??= unusableValue(name, array, this.file);
      await use(name, array);
    });
    if (unusable) throw unusable;
  }
}

/** A whole checkpoint. @throws {ResnetError} as `Checkpoint.open` */
export async function readCheckpoint(
  file: string,
): Promise<{ readonly description: CheckpointDescription; readonly state: ModelState }> {
  const checkpoint = await Checkpoint.open(file);
  try {
    return { description: checkpoint.description, state: await checkpoint.read() };
  } finally {
    await checkpoint.close();
  }
}

function parseDescription(file: string, text = ""): CheckpointDescription {
  const what = `${file}: what it says of its model`;
  return parseSettings(descriptionSchema, parseJson(file, text), what, "ERR_CHECKPOINT");
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ResnetError(
      "ERR_CHECKPOINT",
      `${file}: its metadata does not say which model the weights are of: it was not written by resnet train or resnet import; import it first: resnet import ${file} --model NAME --out checkpoint.safetensors`,
      { cause: error },
    );
  }
}
