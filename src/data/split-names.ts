/** A part of a data set. */
export type Split = "train" | "valid" | "test";

/** The parts in order, with the words that people know them by. */
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

/** Which part of a data set a name is the usual one of, in any case; null if of none. */
export function splitNamed(name: string): Split | null {
  const bare = name.toLowerCase().replace(/[-_ ](set|data|images)$/, "");
  return patterns.find(([, pattern]) => pattern.test(bare))?.[0] ?? null;
}
