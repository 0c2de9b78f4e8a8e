// Images made by threads: the same whatever their number, and errors that reach whoever asked.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, test, type TestContext } from "node:test";
import { readImageFolder } from "../../src/node/data/images/image-folder.js";
import { ImageWorkers } from "../../src/node/data/loader/image-workers.js";
import { loadBatches } from "../../src/data/batches.js";
import { loadImage, type ImageTask } from "../../src/node/data/loader/load-image.js";
import { parseTransforms } from "../../src/data/transforms/transform-text.js";
import { writeImageFolder } from "../helpers/image-folder.js";

const shape = { height: 12, width: 10, channels: 3 };

const taskOf = (file: string): ImageTask => ({
  file,
  channels: 3,
  transforms: [{ type: "resize", size: [12, 10], interpolation: "bilinear" }],
  key: null,
  shape,
});

function workersOf(t: TestContext, count: number): ImageWorkers {
  const workers = new ImageWorkers(count);
  t.after(() => workers.close());
  return workers;
}

describe("ImageWorkers", () => {
  for (const count of [1, 3]) {
    test(`${count} of them make what this thread makes`, async (t) => {
      const { train } = await readImageFolder(await writeImageFolder(t));
      const workers = workersOf(t, count);
      const images = await Promise.all(train.files.map((file) => workers.load(taskOf(file))));
      for (const [i, image] of images.entries()) {
        assert.deepEqual(image, await loadImage(taskOf(train.files[i]!)));
      }
    });
  }

  test("make images in memory that they got back, of whatever size", async (t) => {
    const { train } = await readImageFolder(await writeImageFolder(t));
    const workers = workersOf(t, 1);
    for (const [i, file] of train.files.entries()) {
      const task =
        i % 3 < 2
          ? taskOf(file)
          : { ...taskOf(file), transforms: parseTransforms("resize([9, 7])"), shape: null };
      const image = await workers.load(task);
      assert.deepEqual(image, await loadImage(task));
      workers.reuse(image);
    }
  });

  test("pass on what is wrong with a file, and go on", async (t) => {
    const { train } = await readImageFolder(await writeImageFolder(t));
    const [file = "", other = ""] = train.files;
    writeFileSync(file, readFileSync(file).subarray(0, 100));
    const workers = workersOf(t, 1);
    await assert.rejects(workers.load(taskOf(file)), {
      name: "DataError",
      code: "ERR_DATA_IMAGE",
      message: new RegExp(`^${file}: it is damaged or truncated`),
    });
    await assert.rejects(workers.load({ ...taskOf(other), transforms: [] }), {
      code: "ERR_DATA_TRANSFORM",
      message: `${other}: the transforms make it 16 x 23 pixels, but the model takes 12 x 10: resize or crop to one size`,
    });
    assert.equal((await workers.load(taskOf(other))).height, 12);
  });

  test("give back what no thread has begun when they are closed, and take no more", async (t) => {
    const { train } = await readImageFolder(await writeImageFolder(t));
    const workers = new ImageWorkers(1);
    const tasks = train.files.map((file) => workers.load(taskOf(file)));
    const settled = Promise.allSettled(tasks);
    await workers.close();
    const states = (await settled).map(({ status }) => status);
    assert.deepEqual(states.slice(0, 3), ["fulfilled", "fulfilled", "rejected"]);
    await assert.rejects(workers.load(taskOf(train.files[0]!)), { code: "ERR_DATA_WORKER" });
  });

  test("say that a thread died", async (t) => {
    const workers = workersOf(t, 1);
    const defect = { ...taskOf("a.png"), transforms: null } as unknown as ImageTask;
    await assert.rejects(workers.load(defect), { code: "ERR_DATA_WORKER", message: /worker died/ });
    await assert.rejects(workers.load(taskOf("a.png")), { code: "ERR_DATA_WORKER" });
  });
});

/** Loads nothing but grey images, and remembers which rows it was asked for. */
function fakeLoader(delayOf: (row: number) => number = () => 0) {
  const asked: number[] = [];
  const load = async (row: number) => {
    asked.push(row);
    await new Promise((resolve) => setTimeout(resolve, delayOf(row)));
    if (row < 0) throw new Error(`row ${row}`);
    return { ...shape, data: new Uint8Array(360).fill(row) };
  };
  return { asked, load };
}

const tenBatches = Array.from({ length: 10 }, (_, i) => Int32Array.of(2 * i, 2 * i + 1));

describe("loadBatches", () => {
  test("keeps the order of rows, whichever is loaded first", async () => {
    const { load } = fakeLoader((row) => (row * 7) % 5);
    const rows: number[] = [];
    for await (const {
      data,
      shape: [n = 0],
    } of loadBatches(tenBatches, shape, load)) {
      for (let i = 0; i < n; i++) rows.push(data[i * 360]!);
    }
    assert.deepEqual(rows, [...Array(20).keys()]);
  });

  test("works two batches ahead and no further", async () => {
    const { asked, load } = fakeLoader();
    let [given, used] = [0, 0];
    const batches = (function* () {
      for (const batch of tenBatches) {
        given++;
        yield batch;
      }
    })();
    for await (const _ of loadBatches(batches, shape, load)) {
      used++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal(given, Math.min(used + 2, 10));
      assert.equal(asked.length, 2 * given);
    }
  });

  test("says when an image is in its batch, and so may be written over", async () => {
    const { load } = fakeLoader();
    const loading = loadBatches(tenBatches, shape, load, ({ data }) => data.fill(255));
    const rows: number[] = [];
    for await (const { data } of loading) rows.push(data[0]!, data[360]!);
    assert.deepEqual(rows, [...Array(20).keys()]);
  });

  test("stops with its reader, and takes back what was not begun", async () => {
    let signalled: AbortSignal | undefined;
    const { asked, load } = fakeLoader();
    const loading = loadBatches(tenBatches, shape, (row, signal) => {
      signalled = signal;
      return load(row);
    });
    for await (const _ of loading) break;
    assert.equal(asked.length, 6);
    assert.equal(signalled?.aborted, true);
  });

  test("throws the first row's error when the batch's turn comes", async () => {
    const { load } = fakeLoader((row) => (row === -1 ? 20 : 0));
    const batches = [Int32Array.of(0, 1), Int32Array.of(3, -1, -2)];
    const loading = loadBatches(batches, shape, load);
    assert.equal((await loading.next()).done, false);
    await assert.rejects(loading.next(), { message: "row -1" });
  });
});
