/** Finds the weights of a model in a file, by the names that other libraries use. */

import { printable, printableList } from "../tensor/printable.js";
import type { Shape } from "../tensor/shape.js";
import { InteropError } from "./interop-error.js";

/** Patterns of Hugging Face's names with torchvision's names; Hugging Face counts from 0. */
const huggingFace: readonly (readonly [RegExp, (match: readonly string[]) => string])[] = [
  [/^(.*?)embedder\.embedder\.convolution\.(.+)$/, ([, before, leaf]) => `${before}conv1.${leaf}`],
  [/^(.*?)embedder\.embedder\.normalization\.(.+)$/, ([, before, leaf]) => `${before}bn1.${leaf}`],
  [
    /^(.*?)encoder\.stages\.(\d+)\.layers\.(\d+)\.layer\.(\d+)\.(convolution|normalization)\.(.+)$/,
    ([, before, stage, block, layer, kind, leaf]) =>
      `${before}layer${Number(stage) + 1}.${block}.${kind === "convolution" ? "conv" : "bn"}${Number(layer) + 1}.${leaf}`,
  ],
  [
    /^(.*?)encoder\.stages\.(\d+)\.layers\.(\d+)\.shortcut\.(convolution|normalization)\.(.+)$/,
    ([, before, stage, block, kind, leaf]) =>
      `${before}layer${Number(stage) + 1}.${block}.downsample.${kind === "convolution" ? 0 : 1}.${leaf}`,
  ],
];

/** DenseNet's names in the files of torchvision, from PyTorch before 0.4.1: `norm.1` is `norm1` since. */
const oldDenseNet = /(denselayer\d+\.(?:norm|conv))\.([12]\.\w+)$/;

/** A file's names in a model. */
export interface NamesInModel {
  /** The model's name for each of the file's names: weights of the model, and unknown ones beside them. */
  readonly names: ReadonlyMap<string, string>;
  /** The prefix of the model's names in the file: `module.`, or empty. */
  readonly prefix: string;
  /** Other prefixes with at least half as many of the model's weights. */
  readonly otherPrefixes: readonly string[];
  /** Names of the file that do not begin with the prefix. */
  readonly outside: readonly string[];
  /** The path of the model's head, its last linear layer, and its path in the file. */
  readonly head: { readonly path: string; readonly inFile: string } | null;
}

type Shapes = ReadonlyMap<string, { readonly shape: Shape }>;

/**
 * Finds the weights of a model among those of a file: under the prefix with most of the model's names; translating
 * Hugging Face's names to torchvision's; exchanging `shortcut` and `downsample` as the model needs; and using the
 * only remaining linear layer as the model's head, whatever its name.
 *
 * @param expected the model's own names, with their shapes in PyTorch
 */
export function nameInModel(weights: Shapes, expected: ReadonlyMap<string, Shape>): NamesInModel {
  const translated = translate([...weights.keys()], expected);
  const [prefix = "", ...otherPrefixes] = prefixesOf([...translated.values()], expected);
  const names = new Map<string, string>();
  const outside: string[] = [];
  const deeper = otherPrefixes.filter((other) => other.startsWith(prefix));
  for (const [name, own] of translated) {
    if (own.startsWith(prefix) && !deeper.some((other) => own.startsWith(other)))
      names.set(name, own.slice(prefix.length));
    else outside.push(name);
  }
  const isOther = (name: string): boolean =>
    otherPrefixes.some((other) => other !== "" && name.startsWith(other));
  const head = headIn(
    weights,
    expected,
    names,
    outside.filter((name) => !isOther(name)),
  );
  return {
    names: head ? withHead(names, outside, head) : names,
    prefix,
    otherPrefixes,
    outside: head ? outside.filter((name) => !isWithin(name, head.inFile)) : outside,
    head,
  };
}

/** Translates a file's names to the model's spelling; they keep their prefix. */
function translate(
  names: readonly string[],
  expected: ReadonlyMap<string, Shape>,
): ReadonlyMap<string, string> {
  const isHuggingFace = names.some((name) => /(^|\.)embedder\.embedder\./.test(name));
  const wants = (part: string): boolean => [...expected.keys()].some((name) => name.includes(part));
  const [from, to] =
    wants(".shortcut.") && !wants(".downsample.")
      ? [".downsample.", ".shortcut."]
      : [".shortcut.", ".downsample."];
  return new Map(
    names.map((name) => {
      const own = (isHuggingFace ? torchvisionName(name) : name).replace(oldDenseNet, "$1$2");
      return [name, wants(to) ? own.replace(from, to) : own];
    }),
  );
}

function torchvisionName(name: string): string {
  for (const [pattern, rename] of huggingFace) {
    const match = pattern.exec(name);
    if (match) return rename(match);
  }
  return name;
}

/** The prefixes of the model's names in a file: the one with most names, then those with at least half as many. */
function prefixesOf(names: readonly string[], expected: ReadonlyMap<string, Shape>): string[] {
  const most = Math.max(0, ...[...expected.keys()].map((name) => name.split(".").length));
  const found = new Map<string, number>();
  for (const name of names) {
    const parts = name.split(".");
    for (let taken = 1; taken <= Math.min(most, parts.length); taken++) {
      const own = parts.slice(-taken).join(".");
      if (!expected.has(own)) continue;
      const prefix = name.slice(0, name.length - own.length);
      found.set(prefix, (found.get(prefix) ?? 0) + 1);
    }
  }
  const ranked = [...found].sort(([, a], [, b]) => b - a);
  return ranked.filter(([, count]) => 2 * count >= ranked[0]![1]).map(([prefix]) => prefix);
}

/**
 * The model's head in a file. If the model's own name is missing, it is the only matrix that is not another weight
 * of the model: among those inside the model's head, as in `fc.1.weight`, else among all.
 */
function headIn(
  weights: Shapes,
  expected: ReadonlyMap<string, Shape>,
  names: ReadonlyMap<string, string>,
  outside: readonly string[],
): NamesInModel["head"] {
  const last = [...expected].filter(([, shape]) => shape.length === 2).at(-1);
  if (!last?.[0].endsWith(".weight")) return null;
  const [weight, [, inputs]] = last;
  const path = weight.slice(0, -".weight".length);
  const own = [...names].find(([, name]) => name === weight);
  if (own) return { path, inFile: own[0].slice(0, -".weight".length) };
  const isFree = (name: string): boolean =>
    /(^|\.)weight$/.test(name) && weights.get(name)!.shape.length === 2;
  const inside = [...names].filter(([name, inModel]) => isFree(name) && !expected.has(inModel));
  const within = inside.filter(([, inModel]) => inModel.startsWith(`${path}.`));
  const free = (within.length > 0 ? within : inside).map(([name]) => name);
  if (within.length === 0) free.push(...outside.filter(isFree));
  const [only, ...rest] = free;
  if (only === undefined || rest.length > 0 || weights.get(only)!.shape[1] !== inputs) return null;
  return { path, inFile: only.slice(0, -".weight".length) };
}

const isWithin = (name: string, path: string): boolean =>
  name === `${path}.weight` || name === `${path}.bias`;

function withHead(
  names: ReadonlyMap<string, string>,
  outside: readonly string[],
  { path, inFile }: NonNullable<NamesInModel["head"]>,
): ReadonlyMap<string, string> {
  const renamed = new Map(names);
  for (const name of [...names.keys(), ...outside]) {
    if (isWithin(name, inFile)) renamed.set(name, path + name.slice(inFile.length));
  }
  return renamed;
}

/**
 * The weights whose names begin with a prefix, such as `teacher` in `teacher.conv1.weight`.
 *
 * @param file its name, for the error
 * @param places other possible prefixes, for the error
 * @throws {InteropError} `ERR_WEIGHTS_STATE` if there are none
 */
export function weightsUnder<T>(
  weights: ReadonlyMap<string, T>,
  prefix: string,
  file: string,
  places: readonly string[] = [],
): ReadonlyMap<string, T> {
  const under = new Map([...weights].filter(([name]) => name.startsWith(`${prefix}.`)));
  if (under.size > 0) return under;
  const parts = new Set([...weights.keys()].map((name) => name.split(".", 1)[0]!));
  const known = [...places.filter((place) => place !== ""), ...parts];
  throw new InteropError(
    "ERR_WEIGHTS_STATE",
    `${file}: it has no weights under ${printable(prefix)}: choose among ${printableList(known)}`,
  );
}
