// The code that the documents show: it compiles as it stands, with what a reader imports.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";

/** What blocks take from their page, besides what they import. */
const surroundings = `
import type { BatchSource, Dataset, EpochMetrics, Evaluation, Executor, Module, TrainConfig } from "resnet-ts";
declare global {
  const executor: Executor;
  const model: Module;
  const config: TrainConfig;
  const train: BatchSource;
  const valid: BatchSource;
  const metrics: readonly EpochMetrics[];
  const evaluation: Evaluation;
  const dataset: Dataset;
  const labels: Int32Array;
  const classes: readonly string[];
  const pixels: Float32Array;
}
`;

/** Blocks that say what they import, by the names of files for them. The tutorial's are a program, which CI runs. */
function blocks(): ReadonlyMap<string, string> {
  const pages = ["README.md", ...readdirSync("docs").map((name) => `docs/${name}`)];
  return new Map(
    pages
      .filter((page) => page.endsWith(".md") && page !== "docs/tutorial.md")
      .flatMap((page) => {
        const text = readFileSync(page, "utf8");
        const found = [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!);
        return found
          .filter((code) => code.includes("import "))
          .map((code, i) => [`${path.basename(page, ".md")}-${i + 1}.ts`, code] as const);
      }),
  );
}

describe("code in README.md and docs/", () => {
  test("compiles", (t) => {
    const directory = "dist/docs-code"; // inside of the package, which then finds itself by its name
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
    t.after(() => rmSync(directory, { recursive: true }));
    const files = new Map([...blocks(), ["surroundings.ts", surroundings]]);
    assert.ok(files.size > 6, [...files.keys()].join(", "));
    for (const [name, code] of files) writeFileSync(path.join(directory, name), code);
    const options =
      "--ignoreConfig --noEmit --strict --skipLibCheck --target es2023 --module nodenext";
    const { stdout, status } = spawnSync(
      process.execPath,
      [
        "node_modules/typescript/bin/tsc",
        ...options.split(" "),
        "--types",
        "node",
        ...[...files.keys()].map((name) => path.join(directory, name)),
      ],
      { encoding: "utf8" },
    );
    assert.equal(status, 0, stdout);
  });
});

describe("docs/training.md", () => {
  test("lists every field of the configuration", async () => {
    const { findRecipe } = await import("../../src/train/recipes.js");
    const page = readFileSync("docs/training.md", "utf8");
    const rows = page.split("\n").filter((line) => line.startsWith("| `"));
    const listed = rows.flatMap((row) =>
      [...row.split("|")[1]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!),
    );
    for (const field of Object.keys(findRecipe("fashion-resnet34").config))
      assert.ok(listed.includes(field), `${field} is not in the table`);
  });
});

describe("docs/recipes.md", () => {
  test("lists every recipe", async () => {
    const { recipes } = await import("../../src/train/recipes.js");
    const page = readFileSync("docs/recipes.md", "utf8");
    for (const name of Object.keys(recipes)) {
      const depth = /^cifar10-resnet(32|44|56|110)$/.exec(name)?.[1];
      assert.ok(page.includes(depth ? `\`-${depth}\`` : `\`${name}\``), name);
    }
  });
});
