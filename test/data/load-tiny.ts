/** Loads the tiny data set on a test's machine, and checks what came of it. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type LoadDatasetOptions, loadEntry } from "../../src/node/data/load-dataset.js";
import { compressed, entry, files, type TestMachine } from "./tiny-dataset.js";

/** Puts the four files into `directory`, decompressed, as `.gz` or as `.xz`. */
export async function putFiles(directory: string, form: "plain" | "gz" | "xz"): Promise<void> {
  await mkdir(directory, { recursive: true });
  if (form === "xz") {
    await putFiles(directory, "plain");
    execFileSync("xz", [...files.keys()], { cwd: directory });
    return;
  }
  for (const [name, bytes] of form === "gz" ? compressed : files) {
    await writeFile(join(directory, form === "gz" ? `${name}.gz` : name), bytes);
  }
}

/** Loads the tiny data set and checks that it is the published one; returns the notices. */
export async function loadsIt(
  machine: TestMachine,
  options: LoadDatasetOptions = {},
): Promise<string[]> {
  const notices: string[] = [];
  const onNotice = (notice: string) => notices.push(notice.replaceAll(machine.root, "ROOT"));
  const { train, test: tested } = await loadEntry(entry, { onNotice, ...options }, machine);
  assert.equal(train.name, "tiny train");
  assert.deepEqual(train.images.shape, [3, 2, 2, 1]);
  assert.deepEqual([...train.images.data], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  assert.deepEqual([...train.labels.data], [0, 1, 0]);
  assert.deepEqual(tested.images.shape, [2, 2, 2, 1]);
  assert.deepEqual([...tested.images.data], [21, 22, 23, 24, 25, 26, 27, 28]);
  assert.deepEqual([...tested.labels.data], [1, 1]);
  assert.deepEqual(tested.classes, ["cat", "dog"]);
  return notices;
}

export async function fails(
  machine: TestMachine,
  code: string,
  message: string,
  options: LoadDatasetOptions = {},
): Promise<void> {
  await assert.rejects(loadEntry(entry, options, machine), (error: Error & { code?: string }) => {
    assert.equal(error.name, "DataError");
    assert.equal(error.message.replaceAll(machine.root, "ROOT"), message);
    assert.equal(error.code, code);
    return true;
  });
}

export const cacheOf = (machine: TestMachine): string => join(machine.cacheDir, "tiny");

/** Once the data set has been fetched the cache has four whole files and nothing else. */
export async function assertCacheIsClean(machine: TestMachine): Promise<void> {
  assert.deepEqual((await readdir(cacheOf(machine))).sort(), [...files.keys()].sort());
  for (const [name, bytes] of files) {
    assert.deepEqual(new Uint8Array(await readFile(join(cacheOf(machine), name))), bytes);
  }
}
