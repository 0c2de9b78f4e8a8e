import { statSync } from "node:fs";
import { InvalidArgumentError, Option } from "commander";
import { recipes } from "../../train/recipes.js";
import { pretrainedDirOption } from "./pretrained.js";
import { defaultImageCache } from "../data/loader/image-cache.js";

/** Parsers of option values; what they refuse, commander reports with the option's name. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError("It takes a whole number of 1 or more.");
  return value;
}

export function zeroOrMore(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError("It takes a whole number of 0 or more.");
  }
  return value;
}

export function decimal(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value))
    throw new InvalidArgumentError("It takes a number.");
  return value;
}

/** `0.485,0.456,0.406` as numbers. */
export const decimals = (text: string): readonly number[] => text.split(",").map(decimal);

/**
 * A parser that collects `NAME=VALUE`, of which a value is JSON or else a string.
 *
 * @param form what it takes, with an example, for the error
 */
export const assignments =
  (form: string) =>
  (text: string, before: Readonly<Record<string, unknown>> = {}) => {
    const [, name, value = ""] = /^(\w+)=(.*)$/s.exec(text) ?? [];
    if (name === undefined) throw new InvalidArgumentError(`It takes ${form}.`);
    return { ...before, [name]: parsed(value) };
  };

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** `1x28x28` as channels, height and width. */
export function imageSize(text: string): readonly [number, number, number] {
  const [, channels, height, width] = /^(\d{1,4})x(\d{1,5})x(\d{1,5})$/.exec(text) ?? [];
  const sizes = [Number(channels), Number(height), Number(width)] as const;
  if (!sizes.every((size) => size >= 1)) {
    throw new InvalidArgumentError("It takes CHANNELSxHEIGHTxWIDTH, such as 1x28x28.");
  }
  return sizes;
}

export interface ExecutorFlags {
  readonly executor: string;
  readonly threads?: number;
  readonly adapter?: string;
}

export const executorOption = (): Option =>
  new Option("--executor <name>", "what runs the program")
    .choices(["auto", "native", "webgpu", "reference"])
    .default("auto");

export const threadsOption = (): Option =>
  new Option(
    "--threads <n>",
    "threads of the native executor (default: the cores there are)",
  ).argParser(wholeNumber);

export const adapterOption = (): Option =>
  new Option(
    "--adapter <adapter>",
    "the GPU of --executor webgpu: its number in resnet doctor, or a part of its name",
  );

export const workersOption = (): Option =>
  new Option(
    "--workers <n>",
    "threads that decode image files (default: half of the cores, at most 8)",
  ).argParser(wholeNumber);

export const cacheOption = (): Option =>
  new Option(
    "--cache [dir]",
    "keep decoded images of files on disk, for later epochs and runs; " +
      "without the flag, none are kept",
  )
    .preset(defaultImageCache())
    .argParser(cacheDirectory);

/** `--cache NAME` takes the next word, which may have been meant for the command. */
function cacheDirectory(text: string): string {
  const isRecipe = Object.hasOwn(recipes, text);
  if (!isRecipe && !statSync(text, { throwIfNoEntry: false })?.isFile()) return text;
  const what = isRecipe ? "a recipe" : "a file";
  const other = isRecipe ? `; a directory of that name is --cache ./${text}` : "";
  throw new InvalidArgumentError(
    `It takes a directory, and ${text} is ${what}: write it before --cache${other}.`,
  );
}

export const onUnreadableOption = (): Option =>
  new Option(
    "--on-unreadable <what>",
    "what an image file that cannot be read does: fail ends the work; skip decodes all files first, and leaves such out",
  )
    .choices(["fail", "skip"])
    .default("fail");

/** @param otherwise the precision without the flag */
export const precisionOption = (otherwise: string): Option =>
  new Option(
    "--precision <p>",
    `arithmetic; auto is bf16 where the processor multiplies it (default: ${otherwise})`,
  ).choices(["fp32", "bf16", "auto"]);

export const modelOptionOption = (): Option =>
  new Option(
    "--model-option <name=value>",
    "how the model differs from the one of that name, such as width=32 or stem=cifar; may be repeated",
  ).argParser(assignments("NAME=VALUE, such as width=32"));

/** Where the module of a checkpoint's network is, if the catalogue does not have it. */
export const ownModelOption = (): Option =>
  new Option(
    "--model <module>",
    "the module of the checkpoint's network, such as ./my-net.js, where it is a network of your own; its code is run",
  );

/** How images are found and read. */
export interface DataFlags {
  readonly dataDir?: string;
  readonly workers?: number;
  readonly cache?: string;
  readonly onUnreadable?: "fail" | "skip";
}

export const dataDirOption = (): Option =>
  new Option(
    "--data-dir <dir>",
    "directory with the data set's files; looked at before all other sources",
  );

/** The options of a training about the machine and the place of the data. */
export const machineOptions: readonly Option[] = [
  executorOption(),
  threadsOption(),
  adapterOption(),
  dataDirOption(),
  pretrainedDirOption(),
  workersOption(),
  cacheOption(),
  onUnreadableOption(),
].map((option) => option.helpGroup("Machine:"));

export const jsonOption = (): Option =>
  new Option("--json", "print one JSON document and nothing else on standard output");
