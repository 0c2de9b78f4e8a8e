import { isDeepStrictEqual } from "node:util";
import type { Option, OptionValues } from "commander";
import { ResnetError } from "../../../tensor/error.js";
import { parseConfig, type TrainConfig } from "../../../train/config/config.js";
import type { ComparisonDirectory, Trainings } from "../../runs/comparison-directory.js";
import { checkFingerprint } from "../../data/fingerprint.js";
import type { RunDirectory } from "../../runs/run-directory.js";
import { configOptions } from "../config-options.js";
import type { TrainJob } from "./train-job.js";
import { override } from "./train-config.js";

type Begun = Pick<RunDirectory, "directory" | "config" | "saved">;

/** Fields that may change when a run goes on: they do not touch the steps that it has done. */
const changeable = ["epochs", "saveEvery"];

/**
 * The configuration of a run that goes on, with what the flags change.
 *
 * @throws {ResnetError} `ERR_CONFIG` for a flag that would make it another training, naming both values
 */
export function resumedConfig(
  run: Begun,
  recipe: string | undefined,
  flags: OptionValues,
): TrainConfig {
  const { directory, config } = run;
  if (!config) throw new Error("only a run that has begun can be resumed");
  if (recipe !== undefined && recipe !== config.recipe) {
    throw different(directory, `was started from the recipe ${config.recipe}, not ${recipe}`);
  }
  checkSaved(run);
  const changed = structuredClone(config) as unknown as Record<string, unknown>;
  override(changed, flags);
  const result = parseConfig(changed);
  for (const [path, option] of Object.entries(configOptions)) {
    checkFlag(directory, option, valueAt(config, path), valueAt(result, path), path);
  }
  return result;
}

/** The same for each training of a comparison, whether it has begun or not. */
export const resumedTrainings = (
  { directory, trainings }: ComparisonDirectory,
  recipe: string | undefined,
  flags: OptionValues,
): Trainings =>
  new Map(
    [...trainings].map(([name, config]) => [
      name,
      resumedConfig({ directory, config, saved: null }, recipe, flags),
    ]),
  );

/** Refuses a configuration that is not what the run was trained with so far. @throws {ResnetError} `ERR_CONFIG` */
export function checkSaved({ directory, config, saved }: Begun): void {
  for (const field of Object.keys(saved?.config ?? {})) {
    const [now, then] = [valueAt(config, field), valueAt(saved?.config, field)];
    if (!changeable.includes(field) && !isDeepStrictEqual(now, then)) {
      const finding = `was trained with ${field} ${show(then)}, but its configuration now says ${show(now)}`;
      throw different(directory, finding);
    }
  }
}

function checkFlag(
  directory: string,
  option: Option,
  then: unknown,
  now: unknown,
  path: string,
): void {
  if (isDeepStrictEqual(then, now)) return;
  if (path === "epochs" && Number(now) < Number(then)) {
    throw different(directory, `has ${show(then)} epochs; --epochs ${show(now)} would be fewer`);
  }
  if (changeable.includes(path)) return;
  throw different(directory, `is trained with ${option.long} ${show(then)}, not ${show(now)}`);
}

const different = (directory: string, finding: string): ResnetError =>
  new ResnetError(
    "ERR_CONFIG",
    `the run in ${directory} ${finding}: a resumed run keeps its configuration, but for more --epochs; ` +
      "start another one without --resume",
  );

const valueAt = (value: unknown, path: string): unknown =>
  path
    .split(".")
    .reduce((inner: unknown, key) => (inner as Record<string, unknown> | undefined)?.[key], value);

const show = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);

/**
 * Refuses to go on with data that is not what the run began with.
 *
 * @throws {ResnetError} `ERR_RUN_DIRECTORY` that names what differs, with both values
 * @throws {DataError} as `checkFingerprint`
 */
export function checkSameJob({ directory, saved }: RunDirectory, { description }: TrainJob): void {
  if (!saved) return;
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

/** A description without its fingerprint, of which people cannot see what changed; as JSON, which knows no absent values. */
function comparable({ data, ...rest }: TrainJob["description"]): Readonly<Record<string, unknown>> {
  const plain = { ...rest, data: { ...data, fingerprint: undefined } };
  return JSON.parse(JSON.stringify(plain)) as Readonly<Record<string, unknown>>;
}
