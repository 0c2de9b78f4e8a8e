import { readFileSync } from "node:fs";
import { UsageError } from "../../tensor/error.js";

/** A row of the benchmark's tables, as in `rows.json`. */
export interface BenchRow {
  readonly name: string;
  /** A training step, or a forward pass with batch norm folded. */
  readonly pass: "train" | "infer";
  readonly model: string;
  /** `channels x height x width`, as in `3x224x224`. */
  readonly input: string;
  readonly batch: number;
}

/** Reads all rows, from the data file beside the package's sources. */
export const benchRows = (): readonly BenchRow[] =>
  JSON.parse(
    readFileSync(new URL("../../../../src/node/bench/rows.json", import.meta.url), "utf8"),
  ) as readonly BenchRow[];

/**
 * Selects the rows whose name contains every word of the pattern: `train resnet50`, `b1`.
 *
 * @throws {ResnetError} `ERR_ROWS` if there is none
 */
export function selectRows(rows: readonly BenchRow[], pattern: string): readonly BenchRow[] {
  const words = pattern.split(/\s+/).filter(Boolean);
  const chosen = rows.filter(({ name }) =>
    words.every((word) => name.split(" ").some((part) => part === word) || name === pattern),
  );
  if (chosen.length > 0) return chosen;
  const names = rows.map(({ name }) => `  ${name}`).join("\n");
  throw new UsageError(
    "ERR_ROWS",
    `no row has all the words of "${pattern}"; the rows are\n${names}`,
  );
}

/** Channels, height and width of a row's images. */
export function imageOf({ input }: BenchRow): readonly [number, number, number] {
  const [channels = 1, height = 1, width = 1] = input.split("x").map(Number);
  return [channels, height, width];
}

/** Number of classes of a row's model: 1000 for images of ImageNet's size, 10 for smaller ones. */
export const classesOf = (row: BenchRow): number => (imageOf(row)[1] >= 224 ? 1000 : 10);
