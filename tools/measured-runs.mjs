// Runs of recipes and how they ended: in run directories, and in a JSON file that keeps the results of many machines and days.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";
import { cli, root } from "../scripts/setup.mjs";

const readJson = (file) => JSON.parse(readFileSync(file, "utf8"));

/** How a run ended, or how far it is, from its own files. Null if the directory does not hold a run. */
export function readRun(directory, after) {
  const file = (name) => path.join(directory, name);
  if (!existsSync(file("config.json"))) return null;
  const { recipe, seed, epochs } = readJson(file("config.json"));
  const lines = existsSync(file("metrics.jsonl"))
    ? readFileSync(file("metrics.jsonl"), "utf8").split("\n")
    : [];
  const metrics = lines.filter((line) => line !== "").map((line) => JSON.parse(line));
  // JSON has neither NaN nor infinity: a loss of null is one of them, and counts as the largest.
  const losses = metrics
    .filter(({ epoch, validLoss }) => epoch > after && validLoss !== undefined)
    .map(({ epoch, validLoss }) => ({ epoch, loss: validLoss ?? Infinity }));
  const largest = losses.reduce((a, b) => (b.loss > (a?.loss ?? -Infinity) ? b : a), null);
  const report = existsSync(file("report.json")) ? readJson(file("report.json")) : null;
  const name = path.basename(directory);
  return {
    name,
    group: name.endsWith(`-${seed}`) ? name.slice(0, -`-${seed}`.length) : name,
    recipe,
    seed,
    epochs,
    epochsDone: metrics.length,
    testAccuracy: report?.accuracy ?? null,
    largestValidLoss: largest?.loss ?? null,
    atEpoch: largest?.epoch ?? null,
    minutes: metrics.reduce((sum, { seconds = 0 }) => sum + seconds, 0) / 60,
  };
}

/** For each group of runs: number, least, mean and sample deviation of the finished ones, and the largest loss of all. */
export function summarize(runs) {
  return [...new Set(runs.map(({ group }) => group))].sort().map((group) => {
    const members = runs.filter((run) => run.group === group);
    const accuracies = members.map((run) => run.testAccuracy).filter((value) => value !== null);
    const count = accuracies.length;
    const mean = accuracies.reduce((sum, value) => sum + value, 0) / count;
    const squares = accuracies.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const losses = members.map((run) => run.largestValidLoss).filter((value) => value !== null);
    return {
      group,
      finished: count,
      unfinished: members.length - count,
      minimum: count > 0 ? Math.min(...accuracies) : null,
      mean: count > 0 ? mean : null,
      deviation: count > 1 ? Math.sqrt(squares / (count - 1)) : null,
      largestValidLoss: losses.length > 0 ? Math.max(...losses) : null,
    };
  });
}

/** Commit of the code, with `-dirty` if files differ from it; null outside a clone. */
export function commit() {
  const { stdout } = spawnSync("git", ["describe", "--always", "--dirty", "--exclude=*"], {
    cwd: root,
    encoding: "utf8",
  });
  return stdout?.trim() || null;
}

export const processor = () => `${cpus()[0].model}, ${cpus().length} cores`;
export const today = () => new Date().toISOString().slice(0, 10);

/** The best instruction set of the native executor here; null if there is only the reference executor. */
export function bestIsa() {
  const { stdout } = spawnSync(process.execPath, [cli, "doctor", "--json"], { encoding: "utf8" });
  return JSON.parse(stdout).native?.isa ?? null;
}

/** The rows of a file of results. A loss of null is not known, or not finite. */
export function readRecord(file) {
  return readJson(file).map((row) => ({
    ...row,
    group: [row.recipe, row.precision, row.isa, row.options].filter(Boolean).join(" "),
  }));
}

/** Appends a row to a file of results, which it makes if it is missing. */
export function addToRecord(file, row) {
  const rows = existsSync(file) ? readJson(file) : [];
  writeFileSync(file, `${JSON.stringify([...rows, row], null, 2)}\n`);
}
