/** What the configuration of a repository on the Hugging Face Hub says of its model. */

import { z } from "zod";
import { parseSettings } from "../data/parse-settings.js";
import { models } from "../models/catalog.js";
import { ResnetError } from "../tensor/error.js";
import { printable } from "../tensor/printable.js";
import type { Preparation } from "./preparation.js";

/** The model of a repository, and how pictures are prepared for it. */
export interface HubModel {
  /** A name of the catalogue. */
  readonly model: string;
  readonly preparation: Preparation;
  /** Number of classes; null if the configuration does not say it. */
  readonly classes: number | null;
  /** Names of the classes, in the order of the outputs; null if they are not stated. */
  readonly classNames: readonly string[] | null;
  readonly licence: string | null;
}

const size = z.int().min(1).max(4096);
const colours = z.array(z.number()).min(1).max(4);
const share = z.number().positive().max(1);
const names = z.record(z.string(), z.string());

const timmSchema = z.object({
  architecture: z.string(),
  num_classes: z.int().min(0).optional(),
  label_names: z.array(z.string()).optional(),
  label_descriptions: names.optional(),
  pretrained_cfg: z
    .object({
      input_size: z.tuple([size, size, size]).optional(),
      crop_pct: share.optional(),
      interpolation: z.enum(["bilinear", "bicubic", "random"]).optional(),
      mean: colours.optional(),
      std: colours.optional(),
      license: z.string().nullish(),
    })
    .optional(),
});

const transformersSchema = z.object({
  model_type: z.string(),
  layer_type: z.enum(["basic", "bottleneck"]).default("bottleneck"),
  depths: z.array(size).default([3, 4, 6, 3]),
  embedding_size: size.default(64),
  hidden_sizes: z.array(size).default([256, 512, 1024, 2048]),
  downsample_in_first_stage: z.boolean().default(false),
  downsample_in_bottleneck: z.boolean().default(false),
  hidden_act: z.string().default("relu"),
  num_channels: size.default(3),
  id2label: names.optional(),
});

const sideSchema = z.union([
  size.transform((side) => ({ height: side, width: side })),
  z.object({ height: size, width: size }),
  z
    .object({ shortest_edge: size })
    .transform(({ shortest_edge: side }) => ({ height: side, width: side })),
]);

const preprocessorSchema = z.object({
  size: sideSchema.optional(),
  crop_pct: share.nullish(),
  /** Pillow's number of the filter. */
  resample: z.int().optional(),
  image_mean: colours.optional(),
  image_std: colours.optional(),
});

/** ImageNet's, which both libraries take where a configuration says nothing. */
const imageNet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

const wrong = (message: string, options?: ErrorOptions): ResnetError =>
  new ResnetError("ERR_PRETRAINED", message, options);

/**
 * Reads `config.json` of timm or Transformers.
 *
 * @param config the parsed file
 * @param preprocessor the parsed `preprocessor_config.json` of Transformers; undefined if there is none
 * @param where the repository, for the error
 * @throws {ResnetError} `ERR_PRETRAINED` if it is of a model that the catalogue does not have
 */
export function readHubConfig(config: unknown, preprocessor: unknown, where: string): HubModel {
  const what = `${where}: config.json`;
  if (typeof config === "object" && config !== null && "architecture" in config)
    return ofTimm(parseSettings(timmSchema, config, what, wrong), where);
  if (typeof config === "object" && config !== null && "model_type" in config) {
    const settings = parseSettings(transformersSchema, config, what, wrong);
    const prepared = parseSettings(
      preprocessorSchema,
      preprocessor ?? {},
      `${where}: preprocessor_config.json`,
      wrong,
    );
    return ofTransformers(settings, prepared, where);
  }
  throw wrong(
    `${what} is not of timm or Transformers: it has neither "architecture" nor "model_type"; download the weights and import them: resnet import FILE --model NAME`,
  );
}

function ofTimm(config: z.output<typeof timmSchema>, where: string): HubModel {
  const { architecture, pretrained_cfg: prepared = {} } = config;
  const [model = ""] = architecture.split(".", 1);
  if (!Object.hasOwn(models, model)) throw unknownModel(where, architecture);
  const [channels, height, width] = prepared.input_size ?? [3, 224, 224];
  const { label_names: labels, label_descriptions: descriptions } = config;
  return {
    model,
    preparation: {
      image: [channels, height, width],
      resize: Math.floor(Math.min(height, width) / (prepared.crop_pct ?? 0.875)),
      interpolation: prepared.interpolation === "bicubic" ? "bicubic" : "bilinear",
      mean: prepared.mean ?? imageNet.mean,
      std: prepared.std ?? imageNet.std,
    },
    classes: config.num_classes ?? null,
    classNames: labels?.map((label) => descriptions?.[label] ?? label) ?? null,
    licence: prepared.license ?? null,
  };
}

type Transformers = z.output<typeof transformersSchema>;

/** ResNets of Transformers that are torchvision's, by the depths of their stages. */
const depths: Readonly<Record<Transformers["layer_type"], Readonly<Record<string, string>>>> = {
  basic: { "2,2,2,2": "resnet18", "3,4,6,3": "resnet34" },
  bottleneck: { "3,4,6,3": "resnet50", "3,4,23,3": "resnet101", "3,8,36,3": "resnet152" },
};

const widths = { basic: "64,128,256,512", bottleneck: "256,512,1024,2048" };

function ofTransformers(
  config: Transformers,
  prepared: z.output<typeof preprocessorSchema>,
  where: string,
): HubModel {
  const model = depths[config.layer_type][config.depths.join()];
  const isUsual =
    config.model_type === "resnet" &&
    config.embedding_size === 64 &&
    config.hidden_sizes.join() === widths[config.layer_type] &&
    config.hidden_act === "relu" &&
    !config.downsample_in_first_stage &&
    !config.downsample_in_bottleneck;
  if (model === undefined || !isUsual) {
    const kind = `${config.model_type} of ${config.layer_type} layers ${config.depths.join(", ")}`;
    throw unknownModel(where, kind);
  }
  const { height, width } = prepared.size ?? { height: 224, width: 224 };
  const classNames = config.id2label ? labelsInOrder(config.id2label, where) : null;
  return {
    model,
    preparation: {
      image: [config.num_channels, height, width],
      resize: Math.floor(Math.min(height, width) / (prepared.crop_pct ?? 0.875)),
      interpolation: prepared.resample === 3 ? "bicubic" : "bilinear",
      mean: prepared.image_mean ?? imageNet.mean,
      std: prepared.image_std ?? imageNet.std,
    },
    classes: classNames?.length ?? null,
    classNames,
    licence: null, // it is in the repository's README
  };
}

function labelsInOrder(labels: Readonly<Record<string, string>>, where: string): string[] {
  const count = Object.keys(labels).length;
  return Array.from({ length: count }, (_, index) => {
    const label = labels[String(index)];
    if (label !== undefined) return label;
    throw wrong(
      `${where}: id2label of config.json has ${count} names, but none for class ${index}`,
    );
  });
}

const unknownModel = (where: string, kind: string): ResnetError =>
  wrong(
    `${where} is of the model ${printable(kind)}, which this package does not have: resnet pretrained list shows models with weights`,
  );
