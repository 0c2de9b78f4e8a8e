import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { importWeights, type ImportedModel } from "../../checkpoint/import-weights.js";
import { datasetInfo } from "../../data/dataset-info.js";
import { imageNetClasses } from "../../data/catalog/imagenet.js";
import { createModel } from "../../models/catalog.js";
import type { Module } from "../../nn/module.js";
import { findPretrained } from "../../pretrained/find-pretrained.js";
import { readHubConfig } from "../../pretrained/hub-config.js";
import { evaluationTransforms, normalizeFor } from "../../pretrained/preparation.js";
import type { PretrainedWeights } from "../../pretrained/pretrained-weights.js";
import { checkOptions } from "../../tensor/check-options.js";
import { ResnetError } from "../../tensor/error.js";
import { readWeights } from "../interop/read-weights.js";
import { machineWeights, type PretrainedEnvironment } from "./environment.js";
import { exists, fetchFile, type FetchWatcher } from "./fetch-file.js";
import { hubDirectory, openHub, parseHubPlace, type HubRepository } from "./hub.js";
import { checkHash } from "./published-hash.js";

export interface FetchOptions extends FetchWatcher {
  /**
   * A directory that has the files, under their published names; those of the Hub in `OWNER/NAME/`. Then nothing is
   * fetched. A copy of the cache is such a directory.
   */
  readonly pretrainedDir?: string | undefined;
}

export interface PretrainedOptions extends FetchOptions {
  /** Classes to tell apart. If the weights are of another number, the head starts anew. Default: those of the weights. */
  readonly classes?: number;
  /** Names of the classes; default: those of the weights, or else numbers. */
  readonly classNames?: readonly string[];
  /** Seed of a head that starts anew. Default 0. */
  readonly seed?: number;
}

const optionNames = ["classes", "classNames", "seed", "pretrainedDir", "onProgress", "onNotice"];

/** Published weights as a file on this machine. */
export interface PretrainedFile {
  readonly file: string;
  /** The entry of the table; for a repository of the Hub, what its configuration says. */
  readonly weights: PretrainedWeights;
  /** Names of the classes, in the order of the outputs; null if they are not known. */
  readonly classNames: readonly string[] | null;
}

/**
 * Fetches published weights into the cache, unless they are there, and checks them.
 *
 * @param name of `listPretrained()`, or `hf:OWNER/NAME[@REVISION]`
 * @throws {ResnetError} `ERR_PRETRAINED` for a name that does not exist, or weights that `pretrainedDir` or the Hub does not
 *   have; `ERR_PRETRAINED_FILE` if a file is not the published one, or the cache cannot be written
 * @throws {DataError} `ERR_DATA_SOURCE` if the server cannot be reached, refuses, or breaks off
 */
export async function fetchPretrained(
  name: string,
  options: FetchOptions = {},
  environment: PretrainedEnvironment = machineWeights(),
): Promise<PretrainedFile> {
  if (name.startsWith("hf:")) return fetchFromHub(name, options, environment);
  const weights = findPretrained(name);
  const classNames = namesOf(weights);
  if (weights.address.startsWith("hf:")) {
    const repository = await openRepository(weights.address, options, environment);
    return { file: await repository.file("model.safetensors"), weights, classNames };
  }
  return { file: await fetchTableFile(weights, options, environment), weights, classNames };
}

/**
 * The weights of a name as a checkpoint: what it says of model, classes and preparation of pictures, and its arrays.
 *
 * @param name as in `fetchPretrained`
 * @throws {ResnetError} as `fetchPretrained` and `importWeights`; `ERR_CLASSES` for weights without a head if `classes` is
 *   not given
 */
export async function readPretrained(
  name: string,
  options: PretrainedOptions = {},
  environment: PretrainedEnvironment = machineWeights(),
): Promise<ImportedModel> {
  checkOptions("readPretrained", options, optionNames);
  return importPretrained(await fetchPretrained(name, options, environment), options);
}

/**
 * A model with published weights. They are fetched into the cache, unless they are there, and checked.
 *
 *     const net = await loadPretrained("resnet50.imagenet1k_v2", { classes: 2 });
 *
 * @param name as in `fetchPretrained`
 * @throws {ResnetError} as `readPretrained`
 */
export async function loadPretrained(
  name: string,
  options: PretrainedOptions = {},
  environment: PretrainedEnvironment = machineWeights(),
): Promise<Module> {
  checkOptions("loadPretrained", options, optionNames);
  const { description, state } = await readPretrained(name, options, environment);
  const { model, modelOptions, classes, imageShape } = description;
  const net = createModel(model, {
    ...modelOptions,
    classes: classes.length,
    channels: imageShape[2],
  });
  net.loadStateDict(state);
  return net;
}

/** The contents of a fetched file as a checkpoint, with the preparation that belongs to the weights. */
export async function importPretrained(
  { file, weights, classNames }: PretrainedFile,
  options: Pick<PretrainedOptions, "classes" | "classNames" | "seed" | "onNotice"> = {},
): Promise<ImportedModel> {
  const { model, image } = weights;
  const given = options.classes ?? options.classNames?.length;
  if (weights.classes === 0 && given === undefined) {
    throw new ResnetError(
      "ERR_CLASSES",
      `${weights.name} has no head: say how many classes a new one tells apart (classes, --classes)`,
    );
  }
  const isAnew = given !== undefined && given !== weights.classes;
  const names = options.classNames ?? (isAnew ? undefined : (classNames ?? undefined));
  const imported = importWeights(await readWeights(file, { onNotice: options.onNotice }), {
    model,
    image,
    file,
    normalize: normalizeFor(weights, image[0]),
    ...(isAnew && { classes: given }),
    ...(names && { classNames: names }),
    ...(options.seed !== undefined && { seed: options.seed }),
  });
  const notices = [...imported.notices];
  if (imported.replaced.length > 0)
    notices.push(`${imported.replaced.join(" and ")} start anew, for ${given} classes`);
  for (const notice of notices) options.onNotice?.(`${weights.name}: ${notice}`);
  const description = { ...imported.description, transforms: evaluationTransforms(weights) };
  return { ...imported, description, notices };
}

async function fetchTableFile(
  { name, address, sha256 }: PretrainedWeights,
  options: FetchOptions,
  environment: PretrainedEnvironment,
): Promise<string> {
  const published = path.basename(new URL(address).pathname);
  const hash = sha256 === null ? null : ({ algorithm: "sha256", hex: sha256 } as const);
  const { pretrainedDir } = options;
  if (pretrainedDir === undefined) {
    const file = path.join(environment.cacheDir, published);
    await fetchFile({ address, path: file, hash }, environment, options);
    return file;
  }
  await requireDirectory(pretrainedDir);
  const file = path.join(pretrainedDir, published);
  if (!(await exists(file))) {
    throw new ResnetError(
      "ERR_PRETRAINED",
      `${pretrainedDir} has no ${published}: download it on a machine with a network, from ${address} or with resnet pretrained get ${name}`,
    );
  }
  if (hash) await checkHash(file, hash, file);
  return file;
}

async function fetchFromHub(
  name: string,
  options: FetchOptions,
  environment: PretrainedEnvironment,
): Promise<PretrainedFile> {
  const repository = await openRepository(name, options, environment);
  const config = await readJson(await repository.file("config.json"));
  const preprocessor = await repository.optionalFile("preprocessor_config.json");
  const found = readHubConfig(config, preprocessor && (await readJson(preprocessor)), name);
  const { model, preparation, classes, classNames, licence } = found;
  const file = await repository.file("model.safetensors");
  const { owner, name: repositoryName } = parseHubPlace(name);
  const place = `hf:${owner}/${repositoryName}`;
  const weights: PretrainedWeights = {
    name: repository.commit === null ? place : `${place}@${repository.commit}`,
    model,
    source: "hub",
    address: place,
    sha256: null,
    mebibytes: Math.round(((await stat(file)).size / 2 ** 20) * 1000) / 1000,
    licence,
    data: null,
    classes,
    top1: null,
    top5: null,
    ...preparation,
  };
  return { file, weights, classNames: classNames ?? namesOf(weights) };
}

async function openRepository(
  text: string,
  options: FetchOptions,
  environment: PretrainedEnvironment,
): Promise<HubRepository> {
  const place = parseHubPlace(text);
  const { pretrainedDir } = options;
  if (pretrainedDir === undefined) return openHub(place, environment, options);
  await requireDirectory(pretrainedDir);
  const folder = path.join(pretrainedDir, place.owner, place.name);
  if (!(await exists(path.join(folder, "refs"))) && !isCommit(place.revision))
    return hubDirectory(folder);
  // A copy of the cache.
  const hub = { ...environment.hub, isOffline: true };
  return openHub(place, { ...environment, cacheDir: pretrainedDir, hub }, options);
}

const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision);

/** Names of the classes of a data set that this package knows. */
function namesOf({ classes, data }: PretrainedWeights): readonly string[] | null {
  if (data === "CIFAR-10") return datasetInfo("cifar10").classes;
  return classes === imageNetClasses.length ? imageNetClasses : null;
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new ResnetError(
      "ERR_PRETRAINED_FILE",
      `${file} is not JSON: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}

async function requireDirectory(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => null);
  if (found?.isDirectory()) return;
  const finding = found ? "is not a directory" : "does not exist";
  throw new ResnetError("ERR_PRETRAINED", `the directory of weights ${directory} ${finding}`);
}
