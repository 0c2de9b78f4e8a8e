import { program, quote } from "../shell.js";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Option, OptionValues } from "commander";
import { parseConfig, type TrainConfig } from "../../../train/config/config.js";
import { recipes } from "../../../train/recipes.js";
import { changeable, checkSameConfig, differentRun, show } from "../../runs/check-same-run.js";
import { configFile } from "../../runs/new-directory.js";
import { readJson } from "../../runs/run-files.js";
import type { RunDirectory } from "../../runs/run-directory.js";
import { configOptions } from "../config-options.js";
import { isModulePath } from "../own-network.js";
import { override } from "./train-config.js";
import type { Trainings } from "./train-group.js";

/**
 * The configuration of a run that goes on, with the changes that the flags make.
 *
 * @throws {ResnetError} `ERR_CONFIG` for a flag that would make it another training, naming both values
 */
export function resumedConfig(
  run: Pick<RunDirectory, "directory" | "config" | "saved">,
  recipe: string | undefined,
  flags: OptionValues,
): TrainConfig {
  const { directory, config } = run;
  if (!config) throw new Error("only a run that has begun can be resumed");
  if (recipe !== undefined && recipe !== config.recipe) {
    throw differentRun(directory, `was started from the recipe ${config.recipe}, not ${recipe}`);
  }
  checkSameConfig(run, config);
  const changed = structuredClone(config) as unknown as Record<string, unknown>;
  override(changed, namesModule(config, flags) ? { ...flags, model: undefined } : flags);
  const result = parseConfig(changed);
  for (const [field, option] of Object.entries(configOptions))
    checkFlag(directory, option, valueAt(config, field), valueAt(result, field), field);
  return result;
}

/** Whether `--model` says where the module of the run's own network is now: that is not part of its configuration. */
const namesModule = ({ model }: TrainConfig, flags: OptionValues): boolean =>
  isModulePath(model) && isModulePath(String(flags["model"]));

/**
 * The configurations of a group of runs that goes on, by the names of their directories; null if the directory does not hold
 * such a group. A run that has not begun takes the configuration of those that have, with what its recipe changes for it.
 *
 * @throws {ResnetError} `ERR_CONFIG` as `resumedConfig`
 */
export async function resumedGroup(
  directory: string,
  recipe: string | undefined,
  flags: OptionValues,
): Promise<Trainings | null> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  if (entries.some(({ name }) => name === configFile)) return null; // a single run
  const begun = new Map<string, TrainConfig>();
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    const found = await readJson(path.join(directory, name, configFile));
    if (found === undefined) continue;
    const run = { directory: path.join(directory, name), config: parseConfig(found), saved: null };
    begun.set(name, resumedConfig(run, recipe, flags));
  }
  const [first] = begun.values();
  const trainings = first && recipes[first.recipe]?.trainings;
  if (!trainings) return null;
  return new Map(
    Object.entries(trainings).map(([name, own]) => [
      name,
      begun.get(name) ?? parseConfig({ ...first, ...own }),
    ]),
  );
}

function checkFlag(
  directory: string,
  option: Option,
  then: unknown,
  now: unknown,
  field: string,
): void {
  if (isDeepStrictEqual(then, now)) return;
  if (field === "epochs" && Number(now) < Number(then)) {
    throw differentRun(directory, `has ${show(then)} epochs; --epochs ${show(now)} would be fewer`);
  }
  if (changeable.includes(field)) return;
  const given = `${option.long}${option.isBoolean() ? "" : ` ${show(now)}`}`;
  throw differentRun(
    directory,
    then === undefined || then === null || then === false
      ? `is trained without ${given}`
      : `is trained with ${option.long} ${show(then)}, not ${show(now ?? 0)}`,
  );
}

const valueAt = (value: unknown, field: string): unknown =>
  field
    .split(".")
    .reduce((inner: unknown, key) => (inner as Record<string, unknown> | undefined)?.[key], value);

/**
 * The command that goes on with a run, to be typed into a shell.
 *
 * @param options those that a resumed run needs again, since they are not part of its configuration
 */
export function resumeCommand(
  directory: string,
  flags: OptionValues,
  options: readonly Option[],
): string {
  const given = options.flatMap((option) => {
    const value: unknown = flags[option.attributeName()];
    return value === option.defaultValue ? [] : [option.long!, String(value)];
  });
  return [...program(), "train", "--resume", directory, ...given].map(quote).join(" ");
}
