// The way of one training step, as the README tells it, is the way that the code takes.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { packageRoot } from "../helpers/fixtures.js";

const readme = readFileSync(path.join(packageRoot, "README.md"), "utf8");
const [, section = ""] = /## One training step, file by file\n([^]*?)\n\[docs/.exec(readme) ?? [];
/** The files of each list, in order. */
const lists = section
  .split(/\n\n(?=`)/)
  .slice(1)
  .map((list) => [...list.matchAll(/`([^`]+)`/g)].map(([, file]) => file!));

/** Where the README's path lies in the package: TypeScript in src/, C++ at the root. */
const sourceOf = (file: string): string => (file.endsWith(".ts") ? path.join("src", file) : file);
const textOf = (file: string): string =>
  readFileSync(path.join(packageRoot, sourceOf(file)), "utf8");

/** Files that a file leads to: what it imports or includes, and a C++ source beside its header. */
function neighbours(file: string): string[] {
  const folder = path.posix.dirname(sourceOf(file));
  const targets = [...textOf(file).matchAll(/(?:from|import|#include) ?\(?"([^"]+)"/g)];
  return targets.map(([, target = ""]) =>
    path.posix.join(folder, target).replace(/\.js$/, ".ts").replace(/\.h$/, ".cc"),
  );
}

describe("the README's way of a training step", () => {
  test("has two lists, of files that are there", () => {
    assert.deepEqual(
      lists.map((files) => files.length > 15),
      [true, true],
    );
    const missing = lists
      .flat()
      .filter((file) => !existsSync(path.join(packageRoot, sourceOf(file))));
    assert.deepEqual(missing, []);
  });

  test("is a way: each TypeScript file imports another one of its list, or is imported by it", () => {
    for (const files of lists) {
      const reached = new Set(files.flatMap(neighbours));
      for (const file of files)
        if (neighbours(file).some((target) => files.map(sourceOf).includes(target)))
          reached.add(sourceOf(file));
      const isBorder = (file: string): boolean => file.endsWith(".cc");
      const strays = files
        .slice(1)
        .filter((file) => !isBorder(file) && !reached.has(sourceOf(file)));
      assert.deepEqual(strays, []);
    }
  });
});
