// The code in README.md and docs/: every block is complete and compiles; those below a `<!-- run -->` also run.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { packageRoot } from "../helpers/fixtures.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

interface Sample {
  /** Page and number: the name of its files. */
  readonly name: string;
  readonly code: string;
  readonly isRun: boolean;
}

/** Every block of TypeScript. The tutorial's blocks are one program, which CI runs. */
function samples(): readonly Sample[] {
  const pages = ["README.md", ...readdirSync("docs").map((name) => `docs/${name}`)];
  return pages
    .filter((page) => page.endsWith(".md") && page !== "docs/tutorial.md")
    .flatMap((page) => {
      const blocks = readFileSync(page, "utf8").matchAll(/(<!-- run -->\n\n)?```ts\n(.*?)```/gs);
      return [...blocks].map(([, mark, code], i) => ({
        name: `${path.basename(page, ".md")}-${i + 1}`,
        code: code!,
        isRun: mark !== undefined,
      }));
    });
}

describe("code in README.md and docs/", () => {
  const folder = "dist/docs-code"; // inside the package, which then finds itself by its name
  const all = samples();
  let compiled: { readonly status: number | null; readonly stdout: string };

  before(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    for (const { name, code } of all) writeFileSync(path.join(folder, `${name}.ts`), code);
    const options = "--ignoreConfig --strict --skipLibCheck --target es2023 --module nodenext";
    compiled = spawnSync(
      process.execPath,
      [
        "node_modules/typescript/bin/tsc",
        ...options.split(" "),
        "--types",
        "node",
        ...all.map(({ name }) => path.join(folder, `${name}.ts`)),
      ],
      { encoding: "utf8" },
    );
  });
  after(() => rmSync(folder, { recursive: true }));

  test("is complete and compiles", () => {
    assert.ok(all.length > 12 && all.filter(({ isRun }) => isRun).length > 5);
    assert.equal(compiled.status, 0, compiled.stdout);
  });

  for (const { name } of all.filter(({ isRun }) => isRun))
    test(`runs: ${name}`, (t) => {
      const { status, stderr } = spawnSync(
        process.execPath,
        [path.join(packageRoot, folder, `${name}.js`)],
        { cwd: scratchFolder(t), encoding: "utf8" },
      );
      assert.equal(status, 0, stderr);
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
