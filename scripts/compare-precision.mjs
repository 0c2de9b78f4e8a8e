// Trains a recipe in fp32 and in bf16 with seeds 1 to 3, and prints a table of test accuracies: whether bf16 costs any.
//
//     node scripts/compare-precision.mjs DIRECTORY [words of `resnet train`...]
//     node scripts/compare-precision.mjs runs/precision fashion-resnet34
//
// Runs are kept in DIRECTORY. What is finished there is not trained again, and what was interrupted goes on.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { cli, exitWith } from "./setup.mjs";

const seeds = [1, 2, 3];
const precisions = ["fp32", "bf16"];

/** @param {number[]} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Trains a run to its end, unless it is there already.
 * @param {string} run directory
 * @param {string[]} words of `resnet train`
 * @returns {{ accuracy: number, imagesPerSecond: number }} of the test, and in the mean of all epochs
 */
function trained(run, words) {
  if (!existsSync(path.join(run, "report.json"))) {
    const started = existsSync(path.join(run, "config.json"));
    const args = started ? ["--resume", run] : [...words, "--out", run];
    console.error(`\n${run}`);
    const { status } = spawnSync(process.execPath, [cli, "train", ...args], {
      stdio: ["inherit", "ignore", "inherit"],
    });
    if (status !== 0) throw new Error(`resnet train ${args.join(" ")} ended with ${status}`);
  }
  const { accuracy } = JSON.parse(readFileSync(path.join(run, "report.json"), "utf8"));
  const lines = readFileSync(path.join(run, "metrics.jsonl"), "utf8").trim().split("\n");
  return { accuracy, imagesPerSecond: mean(lines.map((line) => JSON.parse(line).imagesPerSecond)) };
}

try {
  const [directory, ...words] = process.argv.slice(2);
  if (!directory) {
    console.error(
      "usage: node scripts/compare-precision.mjs DIRECTORY [words of `resnet train`...]",
    );
    process.exit(2);
  }
  const rows = precisions.map((precision) => {
    const runs = seeds.map((seed) => {
      const choice = ["--precision", precision, "--seed", String(seed)];
      return trained(path.join(directory, `${precision}-seed${seed}`), words.concat(choice));
    });
    const speed = mean(runs.map(({ imagesPerSecond }) => imagesPerSecond));
    return { precision, accuracies: runs.map(({ accuracy }) => accuracy), speed };
  });
  console.log(
    `| precision | ${seeds.map((seed) => `seed ${seed}`).join(" | ")} | mean | images/s |`,
  );
  console.log(`| --- |${" --- |".repeat(seeds.length + 2)}`);
  for (const { precision, accuracies, speed } of rows) {
    const cells = [...accuracies, mean(accuracies)].map((accuracy) => accuracy.toFixed(4));
    console.log(`| ${[precision, ...cells, speed.toFixed(0)].join(" | ")} |`);
  }
  const [fp32 = NaN, bf16 = NaN] = rows.map(({ accuracies }) => mean(accuracies));
  console.log(`\nbf16 is ${(100 * (bf16 - fp32)).toFixed(2)} points from fp32 in the mean.`);
} catch (error) {
  exitWith(error);
}
