import { z } from "zod";
import { parseSettings } from "../data/parse-settings.js";
import { side } from "../data/transforms/define-transform.js";
import { testViewsSchema } from "../data/transforms/test-views.js";
import { isRandom, transformSchema } from "../data/transforms/transform.js";
import { ResnetError } from "../tensor/error.js";
import { variantSchema } from "./model-variant.js";
import { normalizeSchema } from "./normalize-schema.js";

/** Values of an image: beyond this, a file asks for memory that nobody means to give. */
const maxImageValues = 2 ** 28;

const imageShape = z
  .tuple([side, side, z.int().min(1)])
  .refine(
    ([height, width, channels]) => height * width * channels <= maxImageValues,
    `an image has at most ${maxImageValues} values`,
  );

/** The information that is needed to use the weights. It is in the file's metadata, so that a checkpoint alone can predict. */
const fields = z.object({
  /** A name of the catalogue, or what the training called a network of its own, such as the path of its module. */
  model: z.string(),
  /** Of a network that is not in the catalogue: the SHA-256 of what it computes, which tells whether its module has changed. */
  graphSha256: z.string().optional(),
  /** How it differs from the one of that name; not at all where nothing is said. */
  modelOptions: variantSchema.optional(),
  classes: z.array(z.string()).min(1),
  /** Height, width and channels of what the model sees. */
  imageShape,
  /** The precision of training and evaluation. Absent: fp32. */
  precision: z.enum(["fp32", "bf16"]).optional(),
  /** The transforms of an image before it is normalized. Absent: none. */
  transforms: z
    .array(transformSchema)
    .refine((list) => !list.some(isRandom), "a random transform is for training only")
    .optional(),
  /** The views of each image in its test. Absent: the image as it is. */
  testViews: testViewsSchema.optional(),
  normalize: normalizeSchema,
  /** The training data, so that its rows can be drawn again. Absent for imported weights. */
  data: z
    .object({
      name: z.string(),
      trainSize: z.int().min(1),
      validSize: z.int().min(0),
      /** The number of test images, which validate if `validSize` is 0. Absent: all. */
      testSize: z.int().min(1).optional(),
      seed: z.int().min(0),
      stratify: z.boolean().optional(),
      /** A fingerprint of its images. */
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

const checkpointError = (message: string, options: ErrorOptions): ResnetError =>
  new ResnetError("ERR_CHECKPOINT", message, options);

/**
 * The metadata of a checkpoint. `format: "pt"` says that names and layouts are PyTorch's.
 *
 * @throws {ResnetError} `ERR_CHECKPOINT` if the description could not be read back
 */
export function checkpointMetadata(description: CheckpointDescription): Record<string, string> {
  parseSettings(descriptionSchema, description, "the checkpoint's description", checkpointError);
  return { format: "pt", [metadataKey]: JSON.stringify(description) };
}

/**
 * The description of the model in the metadata of a file.
 *
 * @param file its name, for the error
 * @throws {ResnetError} `ERR_CHECKPOINT` if it says nothing, or something else
 */
export function parseDescription(
  file: string,
  metadata: ReadonlyMap<string, string>,
): CheckpointDescription {
  const what = `${file}: what it says of its model`;
  const found = parseJson(file, metadata.get(metadataKey) ?? "");
  return parseSettings(descriptionSchema, found, what, checkpointError);
}

/** Whether a file says anything of its model, as a checkpoint does. */
export const isDescribed = (metadata: ReadonlyMap<string, string>): boolean =>
  metadata.has(metadataKey);

/** Whether the classes have names, and are not mere numbers, as of weights that were imported without names. */
export const areClassesNamed = ({
  classes,
  data,
}: Pick<CheckpointDescription, "classes" | "data">): boolean =>
  data !== undefined || !classes.every((name, i) => name === String(i));

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
