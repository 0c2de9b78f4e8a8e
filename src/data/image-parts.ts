import { DataError } from "./data-error.js";
import type { ImageFiles } from "./image-files.js";

/** Image files in the parts of their folder or list; null for a missing part. At least one part is there. */
export interface ImageParts extends Readonly<Record<Split, ImageFiles | null>> {
  /** Number of files that were left out: outside of the classes' folders, or without an image's extension. */
  readonly ignored: number;
}

/** Image files with a training part. */
export interface ImageFolder extends ImageParts {
  /** Its classes are those of all parts, in order. */
  readonly train: ImageFiles;
}

/** The same parts. @throws {DataError} `ERR_DATA_FOLDER` if none is for training */
export function withTraining(parts: ImageParts): ImageFolder {
  const { train, valid, test } = parts;
  if (train) return { ...parts, train };
  const there = [valid, test].flatMap((part) => (part ? [part.name] : []));
  throw new DataError(
    "ERR_DATA_FOLDER",
    `there are no training images, but only ${there.join(" and ")}: add some to the part train`,
  );
}

/** A part of a data set. */
export type Split = "train" | "valid" | "test";

/** The parts in order, with their names in messages. */
export const splitWords: Readonly<Record<Split, string>> = {
  train: "training",
  valid: "validation",
  test: "test",
};

/** The usual names of each part: `Training`, `val`, `test_set`, `validation-images`. */
const patterns: readonly (readonly [Split, RegExp])[] = [
  ["train", /^train(ing)?$/],
  ["valid", /^(val|valid|validation|dev)$/],
  ["test", /^(test|testing|eval|evaluation)$/],
];

/** The part of a data set that a name usually stands for, ignoring case; null if it is no such name. */
export function splitNamed(name: string): Split | null {
  const bare = name.toLowerCase().replace(/[-_ ](set|data|images)$/, "");
  return patterns.find(([, pattern]) => pattern.test(bare))?.[0] ?? null;
}
