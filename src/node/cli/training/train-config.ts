import { readFileSync } from "node:fs";
import type { OptionValues } from "commander";
import { datasetInfo } from "../../../data/dataset-info.js";
import { isOnDisk } from "../../data/images/images-on-disk.js";
import { sharedOptions } from "../../../models/catalog.js";
import { fileErrorReason } from "../../files/file-error.js";
import { ResnetError, UsageError } from "../../../tensor/error.js";
import { parseConfig, type TrainConfig } from "../../../train/config/config.js";
import type { Precision } from "../../../program/precision.js";
import {
  evaluationTransforms,
  normalizeFor,
  trainingTransforms,
  type Preparation,
} from "../../../pretrained/preparation.js";
import { scheduleSchema } from "../../../train/schedules/schedule-config.js";
import { findRecipe } from "../../../train/recipes.js";
import { configOptions, offAtZero } from "../config-options.js";
import { prefersBf16 } from "../open-executor.js";
import { isModulePath, refuseOptions } from "../own-network.js";
import type { ExecutorFlags } from "../options.js";

/**
 * The configurations of what a recipe compares, by name, with what the flags override; null if the recipe is one training.
 *
 * @throws {ResnetError} `ERR_COMPARISON` for a flag that would make the trainings alike
 */
export function trainingsOf(
  name: string | undefined,
  flags: OptionValues,
): ReadonlyMap<string, TrainConfig> | null {
  if (name === undefined || name.endsWith(".json")) return null;
  const trainings = Object.entries(findRecipe(name).trainings);
  if (trainings.length === 0) return null;
  for (const [flag, field] of givenFields(flags)) {
    if (!trainings.some(([, own]) => Object.hasOwn(own, field.split(".")[0]!))) continue;
    const names = trainings.map(([training]) => training).join(", ");
    throw new UsageError(
      "ERR_COMPARISON",
      `${flag}: the trainings of ${name} (${names}) differ in it; leave it out, or choose another recipe`,
    );
  }
  if (flags["normalizeFromData"] === true) {
    throw new UsageError(
      "ERR_COMPARISON",
      `--normalize-from-data is for one training, and ${name} compares several: --set normalize=… is for all`,
    );
  }
  const config = configOf(name, flags);
  return new Map(
    trainings.map(([training, own]) => [training, parseConfig({ ...config, ...own })]),
  );
}

/** The flags that give a field of the configuration, with that field. */
function givenFields(flags: OptionValues): (readonly [flag: string, field: string])[] {
  const options = Object.entries(configOptions)
    .filter(([, option]) => flags[option.attributeName()] !== undefined)
    .map(([field, option]) => [option.long!, field] as const);
  const set = Object.keys((flags["set"] as object | undefined) ?? {});
  const assigned = set.map((field) => [`--set ${field}`, field] as const);
  // Weights are of one model. It comes first, since `withModelOfInit` has added that model's flag.
  const source = flags["pretrained"] === undefined ? "--init" : "--pretrained";
  const init = flags["init"] === undefined ? [] : [[source, "model"] as const];
  return [...init, ...options, ...assigned];
}

/**
 * The configuration of a recipe or a file, with the changes that the flags make.
 *
 * @param name a recipe, or the `config.json` of a run; undefined takes the recipe for the kind of data
 */
export function configOf(name: string | undefined, flags: OptionValues): TrainConfig {
  const data = flags["data"] as string | undefined;
  const isFolder = data !== undefined && isOnDisk(data);
  const recipe = startOf(name ?? (isFolder ? "image-folder" : "fashion-resnet34"));
  const config: Record<string, unknown> = structuredClone(recipe);
  if (data !== undefined && data !== recipe.data && !isFolder) {
    config["normalize"] = datasetInfo(data).normalize ?? recipe.normalize;
  }
  const preparation = flags["preparation"] as Preparation | undefined;
  if (preparation) prepareFor(config, preparation, isFolder ? null : (data ?? recipe.data));
  override(config, flags);
  // Options of the recipe's model stay if the other model has them, too.
  if (flags["model"] !== undefined) config["modelOptions"] = recipeOptions(flags, recipe);
  Object.assign(config["modelOptions"] as object, flags["modelOption"]);
  if (flags["normalizeFromData"] === true) config["normalizeFromData"] = true;
  Object.assign(config, flags["set"]);
  const headRate = flags["headLr"] as number | undefined;
  if (headRate !== undefined) {
    const head = headRate / Number(config["learningRate"]);
    config["lrScales"] = { ...(config["lrScales"] as object), head };
  }
  return parseConfig(config);
}

/** Gives a configuration the preparation of pictures that published weights need. */
function prepareFor(
  config: Record<string, unknown>,
  preparation: Preparation,
  dataset: string | null,
): void {
  const images = dataset === null ? null : datasetInfo(dataset).imageShape;
  const [channels, height, width] = preparation.image;
  config["normalize"] = normalizeFor(preparation, images?.[2] ?? channels);
  // Images of the size that the model was trained on are augmented as the recipe says.
  if (images && images[0] === height && images[1] === width) return;
  config["transforms"] = {
    train: trainingTransforms(preparation),
    eval: evaluationTransforms(preparation),
  };
}

/** The options of the recipe's model that the model of `--model` has, too; a network of the user's own has none. */
function recipeOptions(flags: OptionValues, recipe: TrainConfig): TrainConfig["modelOptions"] {
  const model = flags["model"] as string;
  if (!isModulePath(model)) return sharedOptions(model, recipe.modelOptions);
  refuseOptions(model, flags["modelOption"] as object | undefined);
  return {};
}

interface PrecisionFlags extends ExecutorFlags {
  readonly precision?: Precision | "auto";
}

/** The precision that flags ask for; undefined where they ask for none. */
export async function precisionOf(flags: PrecisionFlags): Promise<Precision | undefined> {
  if (flags.precision !== "auto") return flags.precision;
  return (await prefersBf16(flags)) ? "bf16" : "fp32";
}

/** The configuration that a name stands for: a recipe's, or that in a JSON file. */
function startOf(name: string): TrainConfig {
  if (!name.endsWith(".json")) return findRecipe(name).config;
  let text: string;
  try {
    text = readFileSync(name, "utf8");
  } catch (error) {
    throw new UsageError("ERR_CONFIG", `${name}: ${fileErrorReason(error)}`, { cause: error });
  }
  try {
    return parseConfig(JSON.parse(text));
  } catch (error) {
    if (error instanceof ResnetError)
      throw new ResnetError(error.code, `${name}: ${error.message}`, { cause: error });
    throw new UsageError("ERR_CONFIG", `${name} is not JSON: give the config.json of a run`, {
      cause: error,
    });
  }
}

/** With a precision that `config.json` can record: it says what was used. */
export const settled = async <Flags extends PrecisionFlags>(flags: Flags): Promise<Flags> =>
  flags.precision === "auto" ? { ...flags, precision: await precisionOf(flags) } : flags;

/** Sets the fields of a configuration whose options were given. */
export function override(config: Record<string, unknown>, flags: OptionValues): void {
  for (const [path, option] of Object.entries(configOptions)) {
    const given: unknown = flags[option.attributeName()];
    const value = given === 0 && offAtZero.has(path) ? null : given;
    if (path === "schedule.warmup") continue; // set below: it changes the schedule
    if (value !== undefined) setAt(config, path.split("."), value);
  }
  if (flags["warmup"] !== undefined) config["schedule"] = withWarmup(config["schedule"], flags);
}

/**
 * A schedule with the warm-up of `--warmup`.
 *
 * @throws {ResnetError} `ERR_CONFIG` if `--schedule` gives another warm-up
 */
function withWarmup(schedule: unknown, { schedule: text, warmup }: OptionValues): unknown {
  const { data } = scheduleSchema.safeParse(schedule);
  if (!data) return schedule; // parseConfig reports it
  if (text !== undefined && data.warmup !== 0 && data.warmup !== warmup) {
    throw new UsageError(
      "ERR_CONFIG",
      `--schedule ${String(text)} has a warm-up of ${data.warmup}, and --warmup says ${String(warmup)}: give one of them`,
    );
  }
  return { ...data, warmup: warmup as number | string };
}

/** Sets a field of a field; a null field becomes an object, and null switches the whole field off. */
function setAt(object: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = "", ...rest] = path;
  if (rest.length === 0 || value === null) object[name] = value;
  else setAt((object[name] ??= {}) as Record<string, unknown>, rest, value);
}
