// `resnet bench --loader`: every loader is asked for whole epochs of the folder, and leaves no cache behind.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, test } from "node:test";
import { formatLoader, measureLoaders } from "../../src/node/bench/loader-time.js";
import { writeImageFolder } from "../helpers/image-folder.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

describe("measureLoaders", () => {
  test("loads a folder without the cache and with it", async (t) => {
    const root = await writeImageFolder(t, { train: 2, val: 1 });
    const temporary = scratchFolder(t);
    const before = process.env["TMPDIR"];
    process.env["TMPDIR"] = temporary;
    t.after(() => {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
    });
    const loaders = await measureLoaders(root, { workers: 1, rounds: 2, python: undefined });
    assert.deepEqual(
      loaders.map(({ name, images, peakBytes }) => [name, images, peakBytes.length]),
      [
        ["resnet-ts", 6, 2],
        ["resnet-ts with cache", 6, 2],
      ],
    );
    for (const { imagesPerSecond, processorMilliseconds, peakBytes } of loaders) {
      assert.ok(imagesPerSecond > 0 && processorMilliseconds > 0);
      assert.ok(peakBytes[1]! >= peakBytes[0]! && peakBytes[0]! > 1e7);
    }
    assert.deepEqual(readdirSync(temporary), []);
  });

  test("names a folder that is none", async () => {
    const none = measureLoaders("no-such-folder", { workers: 1, rounds: 1, python: undefined });
    await assert.rejects(none, { code: "ERR_DATA_SOURCE" });
  });
});

test("formatLoader writes rates, processor time and peaks", () => {
  const line = formatLoader({
    name: "resnet-ts",
    images: 2000,
    imagesPerSecond: 151.4,
    processorMilliseconds: 6.604,
    peakBytes: [200 * 2 ** 20, 250 * 2 ** 20, 251 * 2 ** 20],
  });
  assert.equal(
    line,
    "resnet-ts               151 images/s    6.60 ms of processor time each   peak 200 MiB, at the end 251 MiB",
  );
});
