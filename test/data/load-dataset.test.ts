import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { datasetInfo, listDatasets } from "../../src/data/dataset-info.js";
import { loadDataset } from "../../src/node/data/load-dataset.js";
import { machineEnvironment } from "../../src/node/data/sources/environment.js";
import { assertCacheIsClean, cacheOf, fails, loadsIt, putFiles } from "./load-tiny.js";
import { compressed, debian, emptyMachine, entry, serve } from "./tiny-dataset.js";

const hasXz = spawnSync("xz", ["--version"]).status === 0;
const firstName = "train-images-idx3-ubyte";
const first = compressed.get(firstName)!;

describe("the directory that the user names", () => {
  for (const [form, subdirectory] of [
    ["plain", "."],
    ["gz", "."],
    ["gz", "tiny"],
    ["plain", "Tiny/raw"],
    ["xz", "tiny"],
  ] as const) {
    const skip = form === "xz" && !hasXz ? "the command xz is not installed" : false;
    test(`may have the files ${form} in ${subdirectory}`, { skip }, async (t) => {
      const machine = await emptyMachine(t);
      const dataDir = join(machine.root, "mine");
      await putFiles(join(dataDir, subdirectory), form);
      assert.deepEqual(await loadsIt(machine, { dataDir }), []);
      assert.equal(existsSync(machine.cacheDir), false);
    });
  }

  test("is an error when it does not exist", async (t) => {
    const machine = await emptyMachine(t);
    const message = "the data directory ROOT/mine does not exist";
    await fails(machine, "ERR_DATA_SOURCE", message, { dataDir: join(machine.root, "mine") });
  });

  test("is an error when it is a file", async (t) => {
    const machine = await emptyMachine(t);
    const dataDir = join(machine.root, "mine");
    await writeFile(dataDir, "");
    const message = "the data directory ROOT/mine is not a directory";
    await fails(machine, "ERR_DATA_SOURCE", message, { dataDir });
  });

  test("is an error when a file in it is damaged, whatever else there is", async (t) => {
    const machine = await emptyMachine(t);
    const dataDir = join(machine.root, "mine");
    await putFiles(cacheOf(machine), "plain");
    await putFiles(dataDir, "gz");
    const path = join(dataDir, `${firstName}.gz`);
    const at = `ROOT/mine/${firstName}.gz:`;
    const refuses = async (bytes: Uint8Array, code: string, message: string): Promise<void> => {
      await writeFile(path, bytes);
      await fails(machine, code, message, { dataDir });
    };
    const cannot = `${at} the file cannot be decompressed:`;
    await refuses(first.subarray(0, 20), "ERR_DATA_GZIP", `${cannot} unexpected end of file`);
    await refuses(Buffer.from("<html>"), "ERR_DATA_GZIP", `${cannot} incorrect header check`);
    await refuses(
      gzipSync(Buffer.alloc(1000)),
      "ERR_DATA_GZIP",
      `${cannot} it holds more than the published 28 bytes`,
    );
    await refuses(
      gzipSync(Buffer.alloc(27)),
      "ERR_DATA_CHECKSUM",
      `${at} the file has 27 bytes when decompressed but the published one has 28`,
    );
    await refuses(
      gzipSync(Buffer.alloc(28)),
      "ERR_DATA_CHECKSUM",
      `${at} the SHA-256 is 3addfb141cd7c9c4c6543a82191a3707ac29c7a041217782e61d4d91c691aee8` +
        ` but the published file's is ${entry.forms[0]!.files[0]!.digest!.hex}`,
    );
  });

  test(
    "is an error when a .xz in it is damaged",
    { skip: hasXz ? false : "the command xz is not installed" },
    async (t) => {
      const machine = await emptyMachine(t);
      const dataDir = join(machine.root, "mine");
      await putFiles(dataDir, "xz");
      const refuses = async (bytes: Uint8Array, finding: string): Promise<void> => {
        await writeFile(join(dataDir, `${firstName}.xz`), bytes);
        const message = `ROOT/mine/${firstName}.xz: the file cannot be decompressed: ${finding}`;
        await fails(machine, "ERR_DATA_GZIP", message, { dataDir });
      };
      const xz = (input: Uint8Array): Uint8Array => spawnSync("xz", { input }).stdout;
      await refuses(xz(first).subarray(0, 20), "xz: (stdin): Unexpected end of input");
      await refuses(Buffer.from("<html>"), "xz: (stdin): File format not recognized");
      await refuses(xz(Buffer.alloc(1 << 24)), "it holds more than the published 28 bytes");
    },
  );

  test("is an error when a file in it cannot be read", async (t) => {
    const machine = await emptyMachine(t);
    const dataDir = join(machine.root, "mine");
    await putFiles(cacheOf(machine), "plain");
    await mkdir(join(dataDir, firstName), { recursive: true });
    const message = `ROOT/mine/${firstName}: the file cannot be read: EISDIR`;
    await fails(machine, "ERR_DATA_SOURCE", message, { dataDir });
  });

  test("is left with one notice when it lacks the files", async (t) => {
    const machine = await emptyMachine(t);
    await putFiles(cacheOf(machine), "plain");
    const dataDir = join(machine.root, "mine");
    await mkdir(dataDir);
    assert.deepEqual(await loadsIt(machine, { dataDir }), [
      `no ${firstName}, also .gz or .xz, in ROOT/mine, ROOT/mine/tiny, ROOT/mine/Tiny/raw;` +
        " looking elsewhere",
    ]);
  });
});

describe("the order of the sources", () => {
  const unreachable = { fetch: () => assert.fail("no download is needed") };

  test("the cache comes before the installed package", async (t) => {
    const machine = await emptyMachine(t, unreachable);
    await putFiles(cacheOf(machine), "gz");
    const installed = join(machine.root, debian.directory);
    await mkdir(installed, { recursive: true });
    await writeFile(join(installed, `${firstName}.gz`), "damaged");
    assert.deepEqual(await loadsIt(machine), []);
  });

  test("the installed package comes before the network, and is not copied", async (t) => {
    const machine = await emptyMachine(t, unreachable);
    await putFiles(join(machine.root, debian.directory), "gz");
    assert.deepEqual(await loadsIt(machine), []);
    assert.equal(existsSync(machine.cacheDir), false);
  });

  test("a cache directory can be named", async (t) => {
    const machine = await emptyMachine(t, unreachable);
    const cacheDir = join(machine.root, "other");
    await putFiles(join(cacheDir, "tiny"), "plain");
    assert.deepEqual(await loadsIt(machine, { cacheDir }), []);
  });

  test("a damaged file in the cache is told, passed over and replaced", async (t) => {
    const machine = await emptyMachine(t);
    await putFiles(join(machine.root, debian.directory), "gz");
    await putFiles(cacheOf(machine), "plain");
    await writeFile(join(cacheOf(machine), firstName), "damaged");
    const notice =
      `ROOT/cache/tiny/${firstName}: the file has 7 bytes but the published one has 28;` +
      " trying the next source";
    assert.deepEqual(await loadsIt(machine), [notice]);
    await assertCacheIsClean(machine);
    assert.deepEqual(await loadsIt(machine), []);
  });

  test("a damaged .gz in the cache is removed once a good file is there", async (t) => {
    const machine = await emptyMachine(t, { fetch: async (url, init) => serve(url, init) });
    await putFiles(cacheOf(machine), "plain");
    await writeFile(join(cacheOf(machine), `${firstName}.gz`), "damaged");
    await writeFile(join(cacheOf(machine), firstName), "damaged");
    assert.equal((await loadsIt(machine)).length, 1);
    await assertCacheIsClean(machine);
  });

  test("when all fail, the error lists every try and what to do", async (t) => {
    const machine = await emptyMachine(t);
    const missing = `no ${firstName}, also .gz or .xz, in`;
    await fails(
      machine,
      "ERR_DATA_NOT_FOUND",
      [
        `tiny: no source has ${firstName}`,
        "  cache ROOT/cache/tiny",
        `    ${missing} ROOT/cache/tiny`,
        "  installed package ROOT/usr/share/datasets/tiny",
        `    ${missing} ROOT/usr/share/datasets/tiny`,
        "  http://first.example/tiny",
        `    http://first.example/tiny/${firstName}.gz: fetch failed: no network`,
        "  http://second.example/tiny",
        `    http://second.example/tiny/${firstName}.gz: fetch failed: no network`,
        "  Debian's package dataset-tiny",
        "    apt-get is not installed",
        "  To go on: connect to the network, or put train-images-idx3-ubyte," +
          " train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte (also .gz or .xz)" +
          " from https://tiny.example into a directory and name it with --data-dir",
      ].join("\n"),
    );
    assert.deepEqual(existsSync(cacheOf(machine)) ? await readdir(cacheOf(machine)) : [], []);
  });
});

describe("the table of data sets", () => {
  test("lists what there is", () => {
    assert.deepEqual(
      listDatasets().map(({ name }) => name),
      (
        "mnist fashion-mnist kmnist emnist-balanced emnist-byclass emnist-bymerge emnist-letters " +
        "emnist-digits emnist-mnist cifar10 cifar100 cifar100-coarse"
      ).split(" "),
    );
    assert.equal(datasetInfo("fashion-mnist").classes.length, 10);
  });

  test("the sizes of the files follow from the rows, and the classes have names of their own", () => {
    for (const { name, forms, trainRows, testRows, imageShape, classes } of listDatasets()) {
      const pixels = imageShape.reduce((product, size) => product * size, 1);
      const [rows, labels] = [trainRows + testRows, name.startsWith("cifar100") ? 2 : 1];
      for (const form of forms) {
        const total = form.files.reduce((sum, { bytes }) => sum + bytes, 0);
        if (form.name === "IDX files") assert.equal(total, rows * (1 + pixels) + 2 * (16 + 8));
        else if (form.name === "binary version") assert.equal(total, rows * (labels + pixels));
        else assert.ok(total > rows * pixels, name); // pickles also name each image's source
      }
      assert.equal(new Set(classes).size, classes.length);
    }
  });

  test("an unknown name gets the list of names", async () => {
    const error = {
      name: "DataError",
      code: "ERR_DATA_NAME",
      message: `no data set is named 'fashion'; there are: ${listDatasets()
        .map(({ name }) => name)
        .join(", ")}`,
    };
    assert.throws(() => datasetInfo("fashion"), error);
    assert.throws(() => loadDataset("fashion"), error);
  });
});

test("the real Fashion-MNIST, where this machine has it", async (t: TestContext) => {
  const offline = { ...machineEnvironment(), fetch: () => Promise.reject(new Error("not used")) };
  const present = [join(offline.cacheDir, "fashion-mnist"), "/usr/share/datasets/fashion-mnist"];
  if (!present.some((directory) => existsSync(directory))) return t.skip("not on this machine");
  const { train, test: tested } = await loadDataset("fashion-mnist", {}, offline);
  assert.deepEqual(train.images.shape, [60000, 28, 28, 1]);
  assert.deepEqual(tested.images.shape, [10000, 28, 28, 1]);
  for (const { labels } of [train, tested]) {
    const counts = Array<number>(10).fill(0);
    for (const label of labels.data) counts[label]!++;
    assert.deepEqual(counts, Array(10).fill(labels.data.length / 10)); // the authors balanced it
  }
});
