// Files that the README names are there.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { packageRoot } from "../helpers/fixtures.js";

test("each file of a training step that the README lists is there", () => {
  const readme = readFileSync(path.join(packageRoot, "README.md"), "utf8");
  const [, list = ""] = /## One training step, file by file\n\n([^]*?)\n\n/.exec(readme) ?? [];
  const files = [...list.matchAll(/`([^`]+)`/g)].map(([, file]) => file!);
  assert.ok(files.length > 20);
  const found = (file: string): boolean =>
    ["", "src"].some((folder) => existsSync(path.join(packageRoot, folder, file)));
  assert.deepEqual(
    files.filter((file) => !found(file)),
    [],
  );
});
