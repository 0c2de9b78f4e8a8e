// Trains a recipe with several seeds by the built command, and prints a table of how the runs ended and what they vary by.
//
//     node tools/measure-recipe.mjs fashion-resnet34 --seeds 1,2,3 --precision fp32,bf16 --isa avx2 --out DIR
//     node tools/measure-recipe.mjs --summary --out DIR
//
// Each run has a directory in DIR, PRECISION-ISA-SEED. A finished run is not trained again, and an interrupted one goes on. The
// table is made of the runs' own files: config.json, metrics.jsonl, report.json.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const cli = path.join(root, "dist/src/cli/main.js");

const usage = `usage: node tools/measure-recipe.mjs RECIPE --out DIR [options] [-- words of resnet train]
       node tools/measure-recipe.mjs --summary --out DIR [options]

  --out DIR          directory of the runs, PRECISION-ISA-SEED
  --seeds LIST       seeds to train with, such as 1,2,3 (default: 1,2,3)
  --precision LIST   fp32, bf16 or both (default: fp32)
  --isa LIST         instruction sets, such as avx2,avx512 (default: the best one)
  --threads N        threads of each run (default: the cores there are)
  --after N          the largest validation loss is that of the epochs after N (default: 3)
  --summary          train nothing; with a RECIPE, only runs of that recipe
  --json             print JSON instead of the tables`;

const list = (text) => text.split(",").filter((word) => word !== "");
const readJson = (file) => JSON.parse(readFileSync(file, "utf8"));

/** Every combination of precision, instruction set and seed that the options ask for. */
const wantedRuns = ({ seeds, precision, isa }) =>
  list(precision).flatMap((each) =>
    (isa ? list(isa) : [null]).flatMap((set) =>
      list(seeds).map((seed) => ({ precision: each, isa: set, seed })),
    ),
  );

const nameOf = ({ precision, isa, seed }) => [precision, ...(isa ? [isa] : []), seed].join("-");

/** Trains one run to its end, unless it has ended already. @throws {Error} if the command fails */
function train(recipe, run, { out, threads }, words) {
  const directory = path.join(out, nameOf(run));
  if (existsSync(path.join(directory, "report.json"))) return;
  const begins = [recipe, "--precision", run.precision, "--seed", run.seed, ...words];
  const args = existsSync(path.join(directory, "config.json"))
    ? ["train", "--resume", directory]
    : ["train", ...begins, "--out", directory];
  if (threads) args.push("--threads", threads);
  console.error(`\n${directory}`);
  const { status, signal, error } = spawnSync(process.execPath, [cli, ...args], {
    stdio: ["inherit", "ignore", "inherit"],
    env: { ...process.env, ...(run.isa && { RESNET_ISA: run.isa }) },
  });
  if (status === 0) return;
  const end = error?.message ?? (signal ? `signal ${signal}` : `exit code ${status}`);
  throw new Error(`resnet ${args.join(" ")} ended with ${end}`);
}

/** What the files of a run say. Null if the directory holds no run. */
function readRun(directory, after) {
  const file = (name) => path.join(directory, name);
  if (!existsSync(file("config.json"))) return null;
  const { recipe, seed, epochs } = readJson(file("config.json"));
  const lines = existsSync(file("metrics.jsonl"))
    ? readFileSync(file("metrics.jsonl"), "utf8").split("\n")
    : [];
  const metrics = lines.filter((line) => line !== "").map((line) => JSON.parse(line));
  // JSON has no NaN or infinity: a loss of null is one of them, and counts as the largest.
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

/** Number, least, mean and sample deviation of the finished runs of a group, and the largest loss of all its runs. */
function summarize(group, runs) {
  const accuracies = runs.map((run) => run.testAccuracy).filter((value) => value !== null);
  const count = accuracies.length;
  const mean = accuracies.reduce((sum, value) => sum + value, 0) / count;
  const squares = accuracies.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const losses = runs.map((run) => run.largestValidLoss).filter((value) => value !== null);
  return {
    group,
    finished: count,
    unfinished: runs.length - count,
    minimum: count > 0 ? Math.min(...accuracies) : null,
    mean: count > 0 ? mean : null,
    deviation: count > 1 ? Math.sqrt(squares / (count - 1)) : null,
    largestValidLoss: losses.length > 0 ? Math.max(...losses) : null,
  };
}

/** Where and how this was measured. */
function circumstances() {
  const { stdout } = spawnSync("git", ["rev-parse", "--short", "HEAD"], {
    cwd: root,
    encoding: "utf8",
  });
  return {
    processor: `${cpus()[0].model}, ${cpus().length} cores`,
    versions: [
      `resnet-ts ${readJson(path.join(root, "package.json")).version}`,
      ...(stdout?.trim() ? [`commit ${stdout.trim()}`] : []),
      `Node ${process.versions.node}`,
    ].join(", "),
    command: ["node", path.relative(".", process.argv[1]), ...process.argv.slice(2)].join(" "),
    date: new Date().toISOString().slice(0, 10),
  };
}

const fixed = (value, digits) => (value === null ? "" : value.toFixed(digits));

/** Markdown. */
const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

function print({ runs, groups, measured }, after) {
  const loss = `largest validation loss after epoch ${after}`;
  const runRows = runs.map((run) => [
    run.name,
    run.seed,
    run.testAccuracy === null
      ? `unfinished: ${run.epochsDone} of ${run.epochs} epochs`
      : fixed(run.testAccuracy, 4),
    run.atEpoch === null ? "" : `${fixed(run.largestValidLoss, 3)} (epoch ${run.atEpoch})`,
    fixed(run.minutes, 1),
  ]);
  const groupRows = groups.map((each) => [
    each.group,
    each.unfinished > 0 ? `${each.finished} of ${each.finished + each.unfinished}` : each.finished,
    ...[each.minimum, each.mean, each.deviation].map((value) => fixed(value, 4)),
    fixed(each.largestValidLoss, 3),
  ]);
  console.log(table(["run", "seed", "test accuracy", loss, "minutes"], runRows));
  console.log();
  console.log(table(["runs", "finished", "minimum", "mean", "deviation", loss], groupRows));
  console.log(`\nProcessor: ${measured.processor}. Versions: ${measured.versions}.`);
  console.log(`Command: ${measured.command}. Date: ${measured.date}.`);
}

/** The options; null where they do not make a command. */
function readArguments() {
  try {
    const ownEnd = process.argv.indexOf("--");
    const own = process.argv.slice(2, ownEnd < 0 ? undefined : ownEnd);
    const { values, positionals } = parseArgs({
      args: own,
      allowPositionals: true,
      options: {
        out: { type: "string" },
        seeds: { type: "string", default: "1,2,3" },
        precision: { type: "string", default: "fp32" },
        isa: { type: "string" },
        threads: { type: "string" },
        after: { type: "string", default: "3" },
        summary: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
      },
    });
    const [recipe, ...more] = positionals;
    const words = ownEnd < 0 ? [] : process.argv.slice(ownEnd + 1);
    const isComplete = values.out !== undefined && more.length === 0 && (recipe || values.summary);
    return isComplete ? { recipe, words, ...values } : null;
  } catch (error) {
    console.error(error.message);
    return null;
  }
}

const given = readArguments();
if (!given) {
  console.error(usage);
  process.exit(2);
}
const { recipe, words, out, after, summary, json } = given;
try {
  if (!summary) for (const run of wantedRuns(given)) train(recipe, run, given, words);
  const runs = readdirSync(out)
    .map((name) => readRun(path.join(out, name), Number(after)))
    .filter((run) => run !== null && (!recipe || run.recipe === recipe))
    .sort((a, b) => (a.group === b.group ? a.seed - b.seed : a.group < b.group ? -1 : 1));
  if (runs.length === 0) throw new Error(`${out} holds no run${recipe ? ` of ${recipe}` : ""}`);
  const groups = [...new Set(runs.map(({ group }) => group))].map((group) =>
    summarize(
      group,
      runs.filter((run) => run.group === group),
    ),
  );
  const result = { runs, groups, measured: circumstances() };
  if (json) console.log(JSON.stringify(result, null, 2));
  else print(result, after);
} catch (error) {
  console.error(`measure-recipe: ${error.message}`);
  process.exitCode = 1;
}
