import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { packageRoot } from "./fixtures.js";

/**
 * Asserts that `text` is what the file has, a path from the package's root.
 * `UPDATE_GOLDEN=1` writes the file instead: read the difference before you commit it.
 */
export function assertGolden(file: string, text: string): void {
  const full = path.join(packageRoot, file);
  if (process.env["UPDATE_GOLDEN"]) {
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, text);
    return;
  }
  assert.ok(existsSync(full), `${file} is missing: UPDATE_GOLDEN=1 writes it`);
  assert.equal(text, readFileSync(full, "utf8"), `${file}; UPDATE_GOLDEN=1 writes the new text`);
}
