import { isDeepStrictEqual } from "node:util";
import { checkFingerprint } from "../data/fingerprint.js";
import { ResnetError, UsageError } from "../../tensor/error.js";
import type { TrainConfig } from "../../train/config/config.js";
import type { CheckpointDescription } from "../../checkpoint/description.js";
import type { RunDirectory } from "./run-directory.js";

/** Fields that may change when a run is resumed: they do not affect the steps done. */
export const changeable: readonly string[] = ["epochs", "saveEvery"];

/**
 * Checks that a configuration is that of the run.
 *
 * @throws {ResnetError} `ERR_CONFIG` naming the field and both values
 */
export function checkSameConfig(
  { directory, saved }: Pick<RunDirectory, "directory" | "saved">,
  config: TrainConfig,
): void {
  for (const [field, then] of Object.entries(saved?.config ?? {})) {
    const now: unknown = (config as Readonly<Record<string, unknown>>)[field];
    if (changeable.includes(field) || isDeepStrictEqual(now, then)) continue;
    throw differentRun(
      directory,
      `was trained with ${field} ${show(then)}, but its configuration now says ${show(now)}`,
    );
  }
}

/**
 * Checks that the data are those of the run.
 *
 * @throws {ResnetError} `ERR_RUN_DIRECTORY` naming the difference and both values
 * @throws {DataError} as `checkFingerprint`
 */
export function checkSameData(
  { directory, saved }: Pick<RunDirectory, "directory" | "saved">,
  description: Description,
): void {
  if (!saved) return;
  const { graphSha256 } = saved.description;
  if (graphSha256 !== undefined && graphSha256 !== description.graphSha256) {
    throw new UsageError(
      "ERR_MODEL",
      `the network of the run in ${directory} does not compute what it did when the run began: its module has changed, ` +
        "or the version of resnet-ts; start another run, with --init for the weights of this one",
    );
  }
  const then = comparable(saved.description);
  for (const [field, value] of Object.entries(comparable(description))) {
    if (isDeepStrictEqual(value, then[field])) continue;
    throw new ResnetError(
      "ERR_RUN_DIRECTORY",
      `the run in ${directory} has ${field} ${show(then[field])}, but now it would be ${show(value)}: ` +
        "the data is not what the training began with",
    );
  }
  const run = `the run in ${directory}`;
  const now = description.data?.fingerprint;
  if (now)
    checkFingerprint(saved.description.data?.fingerprint, now, ["train", "valid", "test"], run);
}

type Description = Omit<CheckpointDescription, "epoch">;

/** A description as JSON, without absent values and without the fingerprint, which means nothing to people. */
function comparable({ data, ...rest }: Description): Readonly<Record<string, unknown>> {
  const plain = { ...rest, graphSha256: undefined, data: { ...data, fingerprint: undefined } };
  return JSON.parse(JSON.stringify(plain)) as Readonly<Record<string, unknown>>;
}

/** The error for a change that would make a run another training. */
export const differentRun = (directory: string, finding: string): ResnetError =>
  new UsageError(
    "ERR_CONFIG",
    `the run in ${directory} ${finding}: a resumed run keeps its configuration, except for more --epochs; ` +
      "start another one without --resume",
  );

export const show = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);
