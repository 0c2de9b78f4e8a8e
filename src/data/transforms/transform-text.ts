/**
 * Lists of transforms as one line of text:
 *
 *     resize(96) randomCrop(32, padding=4) randomHorizontalFlip
 *
 * The first argument needs no name; fields with their default value are left out; `none` is the empty list.
 */

import { didYouMean } from "../../tensor/did-you-mean.js";
import { expected } from "../expected.js";
import { transformError } from "../data-error.js";
import {
  schemaOf,
  transformSchema,
  transformTypes,
  type Transform,
  type TransformList,
} from "./transform.js";

/** Writes the list as one line, which `parseTransforms` reads. */
export const formatTransforms = (list: TransformList): string =>
  list.length === 0 ? "none" : list.map(formatTransform).join(" ");

function formatTransform(transform: Transform): string {
  const { type, ...fields } = transform;
  const first = fieldNames(type)[0];
  const words = Object.entries(fields)
    .filter(([name, value]) => !sameValue(value, defaultOf(type, name)))
    .map(([name, value], i) =>
      i === 0 && name === first ? write(value) : `${name}=${write(value)}`,
    );
  return words.length === 0 ? type : `${type}(${words.join(", ")})`;
}

const fieldNames = (type: string): string[] =>
  Object.keys(schemaOf(type)?.shape ?? {}).filter((name) => name !== "type");

const defaultOf = (type: string, field: string): unknown =>
  schemaOf(type)?.shape[field]?.safeParse(undefined).data;

const sameValue = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const write = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);

/**
 * Reads a line of transforms.
 *
 * @throws {DataError} `ERR_DATA_TRANSFORM` naming the wrong word and the possible ones
 */
export function parseTransforms(text: string): Transform[] {
  if (["", "none"].includes(text.trim())) return [];
  const pattern = /\s*([a-zA-Z]+)(?:\(([^()]*)\))?(?=\s|$)/y;
  const list: Transform[] = [];
  while (pattern.lastIndex < text.trimEnd().length) {
    const start = pattern.lastIndex;
    const [, type, words = ""] = pattern.exec(text) ?? [];
    if (type === undefined) {
      throw transformError(
        `"${text.slice(start).trim()}" does not read as transforms, such as` +
          ` "randomCrop(32, padding=4) randomHorizontalFlip"`,
      );
    }
    list.push(parseTransform(type, words));
  }
  return list;
}

function parseTransform(type: string, words: string): Transform {
  if (!transformTypes.includes(type)) {
    throw transformError(
      `no transform is named ${type}${didYouMean(type, transformTypes)}; there are: ${transformTypes.join(", ")}`,
    );
  }
  const fields: Record<string, unknown> = {};
  for (const [i, word] of (words.match(/(?:\[[^\]]*\]|[^,[\]])+/g) ?? []).entries()) {
    const [, name, value = ""] = /^\s*(?:([a-zA-Z]+)\s*=)?\s*(.*?)\s*$/.exec(word) ?? [];
    const field = name ?? (i === 0 ? fieldNames(type)[0] : undefined);
    if (field === undefined)
      throw transformError(`${type}: "${word.trim()}" lacks the name of its field`);
    fields[field] = read(value);
  }
  const result = transformSchema.safeParse({ type, ...fields }, { error: expected });
  if (result.success) return result.data;
  const findings = result.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join(".")}: ${message}` : message,
  );
  throw transformError(`${type}: ${findings.join("; ")}`);
}

function read(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
