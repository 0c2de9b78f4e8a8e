import { existsSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { CheckpointDescription } from "../../checkpoint/description.js";
import { graphHash } from "../runs/describe-training.js";
import { models, type ModelSize } from "../../models/catalog.js";
import { Module } from "../../nn/module.js";
import { describeValue } from "../../tensor/check-options.js";
import { UsageError } from "../../tensor/error.js";
import { printable, printableList } from "../../tensor/printable.js";
import type { Output } from "./output.js";
import { quote } from "./shell.js";

/** A network that a module of the user's defines. */
export interface OwnNetwork {
  /** The module's path, from the root. */
  readonly file: string;
  /** @throws {ResnetError} `ERR_MODEL` if the module's factory throws, or returns something else than a Module */
  readonly create: (size: ModelSize) => Module;
}

const typeScript = [".ts", ".mts", ".cts"];
const endings = [".js", ".mjs", ".cjs", ...typeScript];

/** Whether a `--model` is the path of a module, and not a name of the catalogue. */
export const isModulePath = (name: string): boolean => endings.includes(path.extname(name));

/** A name as it is, the path of a module from the root: to be found again from wherever the run goes on. */
export const modelName = (name: string): string => (isModulePath(name) ? path.resolve(name) : name);

/**
 * The network that `--model` names if it is the path of a module; undefined for a name of the catalogue. This runs the
 * module's code, so it gets words of the command line only, and never what a checkpoint or a configuration says.
 *
 * @throws {ResnetError} `ERR_MODEL` if there is no such file, it cannot be loaded, or it does not export a factory
 */
export async function ownNetwork(name: string | undefined): Promise<OwnNetwork | undefined> {
  if (name === undefined || !isModulePath(name)) return undefined;
  const file = path.resolve(name);
  if (!existsSync(file))
    throw modelError(`${name}: there is no such file: say with --model where the module is now`);
  if (typeScript.includes(path.extname(file)) && !runsTypeScript()) {
    throw modelError(
      `${name}: Node ${process.version} does not run TypeScript: compile it and name the .js file, or use Node 22.18 or newer`,
    );
  }
  const factory = factoryIn(name, await loadModule(name, file));
  return { file, create: (size) => createFrom(name, factory, size) };
}

/**
 * The network that a checkpoint's weights are of, if the catalogue does not have it.
 *
 * A checkpoint says where its module was, and that may be a file of somebody else: its code runs only if the user names it.
 *
 * @param file the checkpoint, for errors
 * @param model what the user gave as `--model`
 * @returns undefined for a model of the catalogue
 * @throws {ResnetError} `ERR_MODEL` if the user must name the module, or named one that the checkpoint does not need
 */
export async function networkOf(
  file: string,
  description: CheckpointDescription,
  model: string | undefined,
  output: Output,
): Promise<Module | undefined> {
  if (Object.hasOwn(models, description.model)) {
    if (model === undefined || model === description.model) return undefined;
    throw modelError(
      `${file} has the weights of ${description.model}, which is not ${model}: leave out --model`,
    );
  }
  requireNamed(file, description.model, model);
  const network = await ownNetwork(model);
  if (!network) return undefined;
  const { classes, imageShape, graphSha256 } = description;
  const made = network.create({ classes: classes.length, channels: imageShape[2] });
  if (graphSha256 !== undefined && graphSha256 !== graphHash(made, imageShape)) {
    output.notice(
      `${model} does not compute what it did when ${file} was written: the module has changed, or the version of resnet-ts`,
    );
  }
  return made;
}

/**
 * Makes sure that the user has named the module of a network before its code runs.
 *
 * @param file the checkpoint or configuration that names it
 * @param model the name in it
 * @param given what the user gave as `--model`
 * @throws {ResnetError} `ERR_MODEL` with the flag to give
 */
export function requireNamed(file: string, model: string, given: string | undefined): void {
  if (Object.hasOwn(models, model) || (given !== undefined && isModulePath(given))) return;
  // The file may come from anyone: its text must not become a command that the user pastes.
  const shown = printable(model, 300);
  const place = isModulePath(model) && shown === model ? quote(model) : "./my-net.js";
  throw modelError(
    `${file} is of a network of its own, ${shown}, whose code runs only if you name it: give --model ${place}, ` +
      "or where the module is now",
  );
}

/** @throws {ResnetError} `ERR_MODEL` for `--model-option` with a network of the user's own */
export function refuseOptions(name: string, options: object | undefined): void {
  if (options === undefined) return;
  throw modelError(
    `${name} is a network of your own, and --model-option is for those of the catalogue: write the options into the module`,
  );
}

/** Node strips types since 22.18. */
const runsTypeScript = (): boolean =>
  Boolean((process.features as { readonly typescript?: unknown }).typescript);

type Factory = (size: ModelSize) => unknown;

async function loadModule(name: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw modelError(`${name} cannot be loaded: ${messageOf(error)}`, error);
  }
}

function factoryIn(name: string, exported: Readonly<Record<string, unknown>>): Factory {
  const factory = exported["model"] ?? exported["default"];
  if (typeof factory === "function") return factory as Factory;
  const found = Object.keys(exported);
  throw modelError(
    `${name} exports ${found.length > 0 ? printableList(found) : "nothing"}, but it must export the function that makes ` +
      "the network as `model` or as default: export const model = ({ classes, channels }) => new Net(classes, channels)",
  );
}

function createFrom(name: string, factory: Factory, size: ModelSize): Module {
  let made: unknown;
  try {
    made = factory(size);
  } catch (error) {
    throw modelError(
      `${name}: the function that makes the network failed: ${messageOf(error)}`,
      error,
    );
  }
  if (made instanceof Module) return made;
  throw modelError(
    `${name}: the function that makes the network returned ${describeValue(made)}, but it must return a Module of the ` +
      "resnet-ts that this command belongs to",
  );
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

const modelError = (message: string, cause?: unknown): UsageError =>
  new UsageError("ERR_MODEL", message, { cause });
