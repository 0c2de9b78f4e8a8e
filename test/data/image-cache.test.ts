// Decoded images on disk: the same pixels with the cache and without, and never those of an older or a damaged file.
import assert from "node:assert/strict";
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import { decodeImage } from "../../src/node/data/images/decode-image.js";
import { readImageFolder } from "../../src/node/data/images/image-folder.js";
import { ImageWorkers } from "../../src/node/data/loader/image-workers.js";
import { loadImage, type ImageTask } from "../../src/node/data/loader/load-image.js";
import { composeTransforms } from "../../src/data/transforms/compose-transforms.js";
import { foldIn } from "../../src/data/transforms/draws.js";
import { parseTransforms } from "../../src/data/transforms/transform-text.js";
import { openImageCache } from "../../src/node/data/loader/image-cache.js";
import type { ImageBytes } from "../../src/data/transforms/image-bytes.js";
import { randomKey } from "../../src/tensor/random.js";
import { writeImageFolder } from "../helpers/image-folder.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

function emptyCache(t: TestContext): string {
  const cache = scratchFolder(t);
  return cache;
}

/** The files in a cache. */
const recordsIn = (cache: string): string[] =>
  readdirSync(cache, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));

const key = randomKey(3, "augment", 1);

async function tasksOf(t: TestContext, transforms: string): Promise<ImageTask[]> {
  const { train } = await readImageFolder(await writeImageFolder(t));
  return train.files.map((file, row) => ({
    file,
    channels: 3,
    transforms: parseTransforms(transforms),
    key: foldIn(key, row),
    shape: null,
  }));
}

/** A single task on a file of its own, made once into the cache. */
async function cachedTask(t: TestContext) {
  const cache = emptyCache(t);
  const tasks = await tasksOf(t, "resize(12)");
  const task = { ...tasks[0]!, cache };
  await loadImage(task);
  const [record = ""] = recordsIn(cache);
  return { task, record, other: tasks[1]!.file };
}

/** Whatever kind of array holds the bytes. */
const plain = ({ data, ...shape }: ImageBytes) => ({ ...shape, data: [...data] });

const pixels = async (task: ImageTask): Promise<string> =>
  Buffer.from((await loadImage(task)).data).toString("hex");

describe("cached images", () => {
  for (const transforms of [
    "resize(12) randomCrop(10) randomHorizontalFlip",
    "resize(12) centerCrop(12)",
    "randomResizedCrop(9) colorJitter(0.3)",
    "none",
  ]) {
    test(`are those that are made anew: ${transforms}`, async (t) => {
      const cache = emptyCache(t);
      for (const task of await tasksOf(t, transforms)) {
        const { shape, data } = await decodeImage(task.file, 3);
        const decoded = { height: shape[0]!, width: shape[1]!, channels: 3, data };
        const anew = composeTransforms(task.transforms)(decoded, task.key);
        assert.deepEqual(plain(await loadImage(task)), plain(anew));
        const first = await loadImage({ ...task, cache });
        assert.deepEqual(plain(first), plain(anew));
        assert.deepEqual(plain(await loadImage({ ...task, cache })), plain(anew));
      }
    });
  }

  test("are the same for any number of workers, and one record each", async (t) => {
    const cache = emptyCache(t);
    const tasks = await tasksOf(t, "resize(12) randomCrop(10) randomHorizontalFlip");
    const anew = await Promise.all(tasks.map(pixels));
    for (const count of [3, 1]) {
      const workers = new ImageWorkers(count);
      t.after(() => workers.close());
      // Each twice at once, so that threads make the same record at the same time.
      const images = await Promise.all(
        [...tasks, ...tasks].map((task) => workers.load({ ...task, cache })),
      );
      assert.deepEqual(
        images.map(({ data }) => Buffer.from(data).toString("hex")),
        [...anew, ...anew],
      );
      assert.equal(recordsIn(cache).length, tasks.length);
    }
  });

  test("come from the cache, and are not decoded", async (t) => {
    const { task } = await cachedTask(t);
    utimesSync(task.file, 1000, 1000);
    const before = await pixels(task);
    writeFileSync(task.file, Buffer.alloc(statSync(task.file).size)); // no image any more
    await assert.rejects(pixels(task), { code: "ERR_DATA_IMAGE" });
    utimesSync(task.file, 1000, 1000); // but it looks unchanged
    assert.equal(await pixels(task), before);
  });

  test("are made again when their file changed", async (t) => {
    const { task, other } = await cachedTask(t);
    const before = await pixels(task);
    copyFileSync(other, task.file);
    const after = await pixels(task);
    assert.notEqual(after, before);
    assert.equal(after, await pixels({ ...task, cache: undefined }));
    assert.equal(await pixels(task), after);
  });

  test("are made again when the record is damaged, cut off or gone", async (t) => {
    const { task, record } = await cachedTask(t);
    const good = readFileSync(record);
    const before = await pixels(task);
    for (const at of [0, 4, 8, 30, 60, good.length - 1]) {
      const damaged = Buffer.from(good);
      damaged[at]! ^= 1;
      writeFileSync(record, damaged);
      assert.equal(await pixels(task), before);
      assert.deepEqual(readFileSync(record), good);
    }
    for (const length of [0, 10, 59, 60, good.length - 1]) {
      writeFileSync(record, good.subarray(0, length));
      assert.equal(await pixels(task), before);
      assert.deepEqual(readFileSync(record), good);
    }
    rmSync(record);
    assert.equal(await pixels(task), before);
  });

  test("leave errors as they are, and nothing behind", async (t) => {
    const cache = emptyCache(t);
    const [task] = await tasksOf(t, "none");
    writeFileSync(task!.file, "no image");
    await assert.rejects(loadImage({ ...task!, cache }), { code: "ERR_DATA_IMAGE" });
    rmSync(task!.file);
    await assert.rejects(loadImage({ ...task!, cache }), { code: "ERR_DATA_SOURCE" });
    assert.deepEqual(recordsIn(cache), []);
  });

  test("do without a cache that cannot be written any more", async (t) => {
    const [task] = await tasksOf(t, "none");
    const cache = path.join(emptyCache(t), "file");
    writeFileSync(cache, "");
    assert.equal(await pixels({ ...task!, cache }), await pixels(task!));
    assert.throws(() => openImageCache(cache), {
      code: "ERR_DATA_CACHE",
      message: new RegExp(`^${cache}: images cannot be kept there \\(`),
    });
  });
});

test("opening a cache removes what was abandoned half-written, and nothing else", async (t) => {
  const { task } = await cachedTask(t);
  const abandoned = path.join(task.cache, "unfinished", "abandoned");
  const written = path.join(task.cache, "unfinished", "being-written");
  for (const file of [abandoned, written]) writeFileSync(file, "half");
  const yesterday = Date.now() / 1000 - 86_400;
  utimesSync(abandoned, yesterday, yesterday);
  const before = recordsIn(task.cache);
  for (const record of before)
    if (!record.includes("unfinished")) utimesSync(record, yesterday, yesterday);
  openImageCache(task.cache);
  assert.deepEqual(
    recordsIn(task.cache),
    before.filter((file) => file !== abandoned),
  );
});
