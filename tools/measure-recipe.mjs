// Trains a recipe with several seeds by the built command, and prints a table of how the runs ended and how they vary.
// The usage is below; tools/README.md says more.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { cli, root } from "../scripts/setup.mjs";
import {
  addToRecord,
  bestIsa,
  commit,
  processor,
  readRecord,
  readRun,
  summarize,
  today,
} from "./measured-runs.mjs";

const usage = `usage: node tools/measure-recipe.mjs RECIPE --out DIR [options] [-- options of resnet train]
       node tools/measure-recipe.mjs [RECIPE] --summary --out DIR [options]
       node tools/measure-recipe.mjs [RECIPE] --summary --record FILE [options]

  --out DIR          directory of the runs, PRECISION-ISA-SEED
  --seeds LIST       seeds to train with, such as 1,2,3 (default: 1,2,3)
  --precision LIST   fp32, bf16 or both (default: fp32)
  --isa LIST         instruction sets, such as avx2,avx512 (default: the best one)
  --threads N        threads of each run (default: the number of cores)
  --after N          the largest validation loss is that of the epochs after N (default: 3)
  --record FILE      add a row to a JSON file for each run that ends, such as bench/recipe-seeds.json
  --summary          train nothing; with a RECIPE, only runs of that recipe
  --json             print JSON instead of the tables`;

const list = (text) => text.split(",").filter((word) => word !== "");

/** Every combination of precision, instruction set and seed that the options ask for. */
const wantedRuns = ({ seeds, precision, isa }) =>
  list(precision).flatMap((each) =>
    (isa ? list(isa) : [null]).flatMap((set) =>
      list(seeds).map((seed) => ({ precision: each, isa: set, seed })),
    ),
  );

const nameOf = ({ precision, isa, seed }) => [precision, ...(isa ? [isa] : []), seed].join("-");

/** Trains one run to its end and records it, unless it has ended already. @throws {Error} if the command fails */
function train(run, { recipe, words, out, threads, after, record }) {
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
  if (status !== 0) {
    const end = error?.message ?? (signal ? `signal ${signal}` : `exit code ${status}`);
    throw new Error(`resnet ${args.join(" ")} ended with ${end}`);
  }
  if (!record) return;
  const { seed, testAccuracy, largestValidLoss } = readRun(directory, Number(after));
  addToRecord(record, {
    recipe,
    options: words.join(" "),
    precision: run.precision,
    isa: run.isa ?? bestIsa(),
    seed,
    testAccuracy,
    largestValidLoss,
    commit: commit(),
    date: today(),
    processor: processor(),
  });
}

/** Where and how this was measured. */
function circumstances() {
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const code = commit();
  return {
    processor: processor(),
    versions: [
      `resnet-ts ${version}`,
      ...(code ? [`commit ${code}`] : []),
      `Node ${process.versions.node}`,
    ].join(", "),
    command: ["node", path.relative(".", process.argv[1]), ...process.argv.slice(2)].join(" "),
    date: today(),
  };
}

const fixed = (value, digits) => (value === null ? "" : value.toFixed(digits));

/** Markdown. */
const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

const runTable = (runs, loss) =>
  table(
    ["run", "seed", "test accuracy", loss, "minutes"],
    runs.map((run) => [
      run.name,
      run.seed,
      run.testAccuracy === null
        ? `unfinished: ${run.epochsDone} of ${run.epochs} epochs`
        : fixed(run.testAccuracy, 4),
      run.atEpoch === null ? "" : `${fixed(run.largestValidLoss, 3)} (epoch ${run.atEpoch})`,
      fixed(run.minutes, 1),
    ]),
  );

const recordTable = (rows, loss) =>
  table(
    ["runs", "seed", "test accuracy", loss, "commit", "date", "processor"],
    rows.map((row) => [
      row.group,
      row.seed,
      fixed(row.testAccuracy, 4),
      fixed(row.largestValidLoss, 3),
      row.commit,
      row.date,
      row.processor,
    ]),
  );

const groupTable = (groups, loss) =>
  table(
    ["runs", "finished", "minimum", "mean", "deviation", loss],
    groups.map((each) => [
      each.group,
      each.unfinished > 0
        ? `${each.finished} of ${each.finished + each.unfinished}`
        : each.finished,
      ...[each.minimum, each.mean, each.deviation].map((value) => fixed(value, 4)),
      fixed(each.largestValidLoss, 3),
    ]),
  );

/** The options; null where they do not make a command. */
function readArguments() {
  try {
    const ownEnd = process.argv.indexOf("--");
    const { values, positionals } = parseArgs({
      args: process.argv.slice(2, ownEnd < 0 ? undefined : ownEnd),
      allowPositionals: true,
      options: {
        out: { type: "string" },
        seeds: { type: "string", default: "1,2,3" },
        precision: { type: "string", default: "fp32" },
        isa: { type: "string" },
        threads: { type: "string" },
        after: { type: "string", default: "3" },
        record: { type: "string" },
        summary: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
      },
    });
    const [recipe, ...more] = positionals;
    const { summary, out, record } = values;
    const isComplete = summary ? (out === undefined) !== (record === undefined) : recipe && out;
    const words = ownEnd < 0 ? [] : process.argv.slice(ownEnd + 1);
    return isComplete && more.length === 0 ? { recipe, words, ...values } : null;
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
const { recipe, out, after, record, summary, json } = given;
try {
  if (!summary) for (const run of wantedRuns(given)) train(run, given);
  const found = out
    ? readdirSync(out).map((name) => readRun(path.join(out, name), Number(after)))
    : readRecord(record);
  const runs = found
    .filter((run) => run !== null && (!recipe || run.recipe === recipe))
    .sort((a, b) => (a.group === b.group ? a.seed - b.seed : a.group < b.group ? -1 : 1));
  if (runs.length === 0)
    throw new Error(`${out ?? record} holds no run${recipe ? ` of ${recipe}` : ""}`);
  const groups = summarize(runs);
  if (json) {
    console.log(
      JSON.stringify({ runs, groups, ...(out && { measured: circumstances() }) }, null, 2),
    );
  } else {
    const loss = `largest validation loss after epoch ${after}`;
    console.log(out ? runTable(runs, loss) : recordTable(runs, loss));
    console.log(`\n${groupTable(groups, loss)}`);
    if (out) {
      const { processor, versions, command, date } = circumstances();
      console.log(`\nProcessor: ${processor}. Versions: ${versions}.`);
      console.log(`Command: ${command}. Date: ${date}.`);
    }
  }
} catch (error) {
  console.error(`measure-recipe: ${error.message}`);
  process.exitCode = 1;
}
