import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { ResnetError } from "../../tensor/error.js";
import { printableList } from "../../tensor/printable.js";

/** The files that represent a run, in order of preference. */
const weightsOfRun = ["best.safetensors", "last.safetensors"];

/**
 * The checkpoint at a path: the file itself, or for a run's directory its `best.safetensors`, else `last.safetensors`.
 *
 * @throws {ResnetError} `ERR_CHECKPOINT` for a directory with neither; lists the runs in it
 */
export async function findCheckpoint(place: string): Promise<string> {
  const found = await stat(place).catch(() => undefined); // whoever opens it reports what is wrong
  if (!found?.isDirectory()) return place;
  const names = await readdir(place).catch((): string[] => []);
  const weights = weightsOfRun.find((name) => names.includes(name));
  if (weights !== undefined) return path.join(place, weights);
  const runs: string[] = [];
  for (const name of names.sort()) {
    const inside = await readdir(path.join(place, name)).catch((): string[] => []);
    if (weightsOfRun.some((each) => inside.includes(each))) runs.push(name);
  }
  const advice =
    runs.length > 0
      ? `it holds the runs ${printableList(runs)}: name one of them`
      : "name a checkpoint, or the directory of a run that has finished an epoch";
  throw new ResnetError(
    "ERR_CHECKPOINT",
    `${place} is a directory without ${weightsOfRun.join(" or ")}: ${advice}`,
  );
}
