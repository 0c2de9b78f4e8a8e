import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { datasetInfo, listDatasets } from "../../src/data/dataset-info.js";
import { loadDataset, loadEntry, type LoadDatasetOptions } from "../../src/data/load-dataset.js";
import { machineEnvironment } from "../../src/data/sources/environment.js";
import type { RunCommand } from "../../src/data/sources/run-command.js";
import { compressed, emptyMachine, entry, files, rangeStart, serve } from "./tiny-dataset.js";
import type { TestMachine } from "./tiny-dataset.js";

const firstName = "train-images-idx3-ubyte";
const first = compressed.get(firstName)!;

/** Puts the four files into `directory`, decompressed or as `.gz`. */
async function putFiles(directory: string, form: "plain" | "gz"): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [name, bytes] of form === "gz" ? compressed : files) {
    await writeFile(join(directory, form === "gz" ? `${name}.gz` : name), bytes);
  }
}

/** Loads the tiny data set and checks that it is the published one; returns the notices. */
async function loadsIt(machine: TestMachine, options: LoadDatasetOptions = {}): Promise<string[]> {
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

async function fails(
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

const cacheOf = (machine: TestMachine): string => join(machine.cacheDir, "tiny");

/** What the cache must look like once the data set has been fetched: four whole files, nothing else. */
async function assertCacheIsClean(machine: TestMachine): Promise<void> {
  assert.deepEqual((await readdir(cacheOf(machine))).sort(), [...files.keys()].sort());
  for (const [name, bytes] of files) {
    assert.deepEqual(new Uint8Array(await readFile(join(cacheOf(machine), name))), bytes);
  }
}

/** A stream that gives `chunks` and then breaks, or stays silent. */
const brokenStream = (chunks: readonly Uint8Array[], end: "break" | "silence"): ReadableStream => {
  const rest = [...chunks];
  return new ReadableStream({
    pull(controller) {
      const chunk = rest.shift();
      if (chunk) controller.enqueue(chunk);
      else if (end === "break") controller.error(new Error("connection reset"));
    },
  });
};

describe("the directory that the user names", () => {
  for (const [form, subdirectory] of [
    ["plain", "."],
    ["gz", "."],
    ["gz", "tiny"],
    ["plain", "Tiny/raw"],
  ] as const) {
    test(`may have the files ${form} in ${subdirectory}`, async (t) => {
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
        ` but the published file's is ${entry.files[0]!.sha256}`,
    );
  });

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
      `no ${firstName} or ${firstName}.gz in ROOT/mine, ROOT/mine/tiny, ROOT/mine/Tiny/raw;` +
        " looking elsewhere",
    ]);
  });
});

describe("the order of the sources", () => {
  const unreachable = { fetch: () => assert.fail("no download is needed") };

  test("the cache comes before the installed package", async (t) => {
    const machine = await emptyMachine(t, unreachable);
    await putFiles(cacheOf(machine), "gz");
    const installed = join(machine.root, entry.debian.directory);
    await mkdir(installed, { recursive: true });
    await writeFile(join(installed, `${firstName}.gz`), "damaged");
    assert.deepEqual(await loadsIt(machine), []);
  });

  test("the installed package comes before the network, and is not copied", async (t) => {
    const machine = await emptyMachine(t, unreachable);
    await putFiles(join(machine.root, entry.debian.directory), "gz");
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
    await putFiles(join(machine.root, entry.debian.directory), "gz");
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
    const missing = `no ${firstName} or ${firstName}.gz in`;
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
        "  To go on: connect to the network, or put train-images-idx3-ubyte.gz," +
          " train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz" +
          " (from https://tiny.example) into a directory and name it with --data-dir",
      ].join("\n"),
    );
    assert.deepEqual(existsSync(cacheOf(machine)) ? await readdir(cacheOf(machine)) : [], []);
  });
});

describe("downloads", () => {
  test("are kept in the cache, decompressed and whole", async (t) => {
    const asked: string[] = [];
    const machine = await emptyMachine(t, {
      fetch: async (url, init) => (asked.push(url), serve(url, init)),
    });
    const progress: string[] = [];
    await loadsIt(machine, {
      onProgress: ({ file, receivedBytes, totalBytes }) =>
        progress.push(`${file} ${receivedBytes}/${totalBytes}`),
    });
    const expected = [...compressed].map(([name, { length }]) => `${name} ${length}/${length}`);
    assert.deepEqual(progress, expected);
    await assertCacheIsClean(machine);
    assert.deepEqual(asked, [...files.keys()].map((name) => `http://first.example/tiny/${name}.gz`));
    await loadsIt(machine);
    assert.equal(asked.length, 4);
  });

  test("go on to the next address, and do not ask a failed one again", async (t) => {
    const asked: string[] = [];
    const machine = await emptyMachine(t, {
      fetch: async (url, init) => {
        asked.push(url.includes("first") ? "first" : "second");
        if (url.includes("first")) return new Response("", { status: 503, statusText: "Busy" });
        return serve(url, init);
      },
    });
    assert.deepEqual(await loadsIt(machine), []);
    assert.deepEqual(asked, ["first", "second", "second", "second", "second"]);
    await assertCacheIsClean(machine);
  });

  test("that are damaged are told, and nothing of them is left", async (t) => {
    const machine = await emptyMachine(t, {
      fetch: async (url, init) =>
        url.includes("first") ? new Response("<html>Welcome to the hotel</html>") : serve(url, init),
    });
    assert.deepEqual(await loadsIt(machine), [
      `http://first.example/tiny/${firstName}.gz: the file cannot be decompressed:` +
        " incorrect header check; trying the next source",
    ]);
    await assertCacheIsClean(machine);
  });

  test("that break off are resumed where they broke", async (t) => {
    const starts: (number | null)[] = [];
    const machine = await emptyMachine(t, {
      fetch: async (url, init) => {
        if (!url.includes(firstName)) return serve(url, init);
        starts.push(rangeStart(init));
        if (starts.length > 1) return serve(url, init);
        return new Response(brokenStream([first.subarray(0, 10), first.subarray(10, 13)], "break"));
      },
    });
    assert.deepEqual(await loadsIt(machine), []);
    assert.deepEqual(starts, [null, 13]);
    await assertCacheIsClean(machine);
  });

  test("that break off for good are resumed by the next run", async (t) => {
    const machine = await emptyMachine(t, {
      fetch: async (url, init) => {
        if (url.includes("second")) throw new Error("refused");
        if (rangeStart(init) !== null) throw new Error("refused");
        return new Response(brokenStream([first.subarray(0, 13)], "break"));
      },
    });
    await assert.rejects(loadEntry(entry, {}, machine), { code: "ERR_DATA_NOT_FOUND" });
    assert.deepEqual(await readdir(cacheOf(machine)), [`${firstName}.gz.first.example.partial`]);

    const starts: (number | null)[] = [];
    const again = { ...machine, fetch: async (url: string, init: RequestInit) => (starts.push(rangeStart(init)), serve(url, init)) };
    assert.deepEqual(await loadsIt(again), []);
    assert.deepEqual(starts, [13, null, null, null]);
    await assertCacheIsClean(machine);
  });

  for (const [what, bytes] of [
    ["bytes of another file", Buffer.from("these are not the first bytes")],
    ["too many bytes", Buffer.concat([first, first])],
    ["all bytes", first],
  ] as const) {
    test(`start again when ${what} were left by an earlier try`, async (t) => {
      const machine = await emptyMachine(t, { fetch: async (url, init) => serve(url, init) });
      const path = join(cacheOf(machine), `${firstName}.gz.first.example.partial`);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, bytes);
      assert.deepEqual(await loadsIt(machine), []);
      await assertCacheIsClean(machine);
    });
  }

  test("start again where the server cannot resume", async (t) => {
    const machine = await emptyMachine(t, { fetch: async (url) => serve(url, {}) });
    await mkdir(cacheOf(machine), { recursive: true });
    const partial = join(cacheOf(machine), `${firstName}.gz.first.example.partial`);
    await writeFile(partial, first.subarray(0, 9));
    assert.deepEqual(await loadsIt(machine), []);
    await assertCacheIsClean(machine);
  });

  for (const [what, respond] of [
    ["does not answer", (signal: AbortSignal) => aborted(signal)],
    [
      "falls silent",
      async (signal: AbortSignal) => {
        const stream = brokenStream([first.subarray(0, 5)], "silence");
        return new Response(stream.pipeThrough(new TransformStream(), { signal }));
      },
    ],
  ] as const) {
    test(`give up on a server that ${what}`, async (t) => {
      const machine = await emptyMachine(t, {
        fetch: (url, init) =>
          url.includes("first") ? respond(init.signal!) : Promise.resolve(serve(url, init)),
      });
      assert.deepEqual(await loadsIt(machine), []);
      await assertCacheIsClean(machine);
    });
  }

  test("say after which time they gave up", async (t) => {
    const machine = await emptyMachine(t, { fetch: (_, init) => aborted(init.signal!) });
    await assert.rejects(loadEntry(entry, {}, machine), {
      message: /\.gz: no news from first\.example for 0\.05 s\n/,
    });
  });

  test("that end early are not taken for the whole file", async (t) => {
    const machine = await emptyMachine(t, {
      fetch: async () =>
        new Response(Uint8Array.from(first.subarray(0, 9)), { headers: { "content-length": "44" } }),
    });
    await assert.rejects(loadEntry(entry, {}, machine), {
      message: /\.gz: the connection ended after 9 of 44 bytes\n/,
    });
  });

  test("work without a cache, with a notice", async (t) => {
    const machine = await emptyMachine(t, { fetch: async (url, init) => serve(url, init) });
    await writeFile(machine.cacheDir, "a file where the directory should be");
    const notices = await loadsIt(machine);
    assert.equal(notices.length, 4);
    assert.equal(
      notices[0],
      `${firstName} cannot be kept in ROOT/cache/tiny: ENOTDIR: not a directory, mkdir 'ROOT/cache/tiny'`,
    );
  });

  test("leave nothing in a cache that cannot be written", { skip: isRoot() }, async (t) => {
    const machine = await emptyMachine(t, { fetch: async (url, init) => serve(url, init) });
    await mkdir(cacheOf(machine), { recursive: true });
    await chmod(cacheOf(machine), 0o500);
    assert.equal((await loadsIt(machine)).length, 4);
    assert.deepEqual(await readdir(cacheOf(machine)), []);
  });
});

describe("Debian's package", () => {
  /** An apt that has the package only after `updates` updates of its lists. */
  const fakeApt = (commands: string[], updates: number): RunCommand => {
    let missing = updates;
    return async (command, args, directory) => {
      const words = args.filter((word) => word !== "-o" && !word.includes("::"));
      commands.push([command, ...words].join(" "));
      if (words[0] === "update") missing--;
      if (words[0] === "download") {
        const errors = "W: a warning\nE: Unable to locate package dataset-tiny";
        if (missing > 0) return { exitCode: 100, errors };
        await writeFile(join(directory, "dataset-tiny_1_all.deb"), "archive");
      }
      if (command === "dpkg-deb") {
        await putFiles(join(directory, "unpacked", entry.debian.directory), "gz");
      }
      return { exitCode: 0, errors: "" };
    };
  };
  const download = "apt-get download dataset-tiny";
  const unpack = "dpkg-deb -x dataset-tiny_1_all.deb unpacked";
  const leftInTemp = async ({ root }: TestMachine) =>
    (await readdir(root)).filter((name) => name.startsWith("resnet-ts-apt"));

  test("is fetched once, kept in the cache, and its workspace removed", async (t) => {
    const commands: string[] = [];
    const machine = await emptyMachine(t, { runCommand: fakeApt(commands, 0) });
    const notice = "downloading Debian's package dataset-tiny with apt-get";
    assert.deepEqual(await loadsIt(machine), [notice]);
    assert.deepEqual(commands, [download, unpack]);
    assert.deepEqual(await leftInTemp(machine), []);
    await assertCacheIsClean(machine);
  });

  test("is looked for again after an update, as root", async (t) => {
    const commands: string[] = [];
    const machine = await emptyMachine(t, { runCommand: fakeApt(commands, 1), isRoot: true });
    assert.deepEqual(await loadsIt(machine), [
      "downloading Debian's package dataset-tiny with apt-get",
      "apt-get does not have the package: updating its lists",
    ]);
    assert.deepEqual(commands, [download, "apt-get update", download, unpack]);
  });

  test("asks for the update otherwise", async (t) => {
    const commands: string[] = [];
    const machine = await emptyMachine(t, { runCommand: fakeApt(commands, 1) });
    await assert.rejects(loadEntry(entry, {}, machine), (error: Error) => {
      const reason =
        "    apt-get download dataset-tiny failed with exit code 100: E: Unable to locate package" +
        " dataset-tiny ('apt-get update', as root, may be needed first)";
      assert.ok(error.message.split("\n").includes(reason), error.message);
      return true;
    });
    assert.deepEqual(commands, [download]);
    assert.deepEqual(await leftInTemp(machine), []);
  });
});

describe("the table of data sets", () => {
  test("lists Fashion-MNIST", () => {
    assert.deepEqual(listDatasets().map(({ name }) => name), ["fashion-mnist"]);
    assert.equal(datasetInfo("fashion-mnist").classes.length, 10);
  });

  test("the sizes of the files follow from the rows", () => {
    for (const { files: published, trainRows, testRows, imageShape } of listDatasets()) {
      const pixels = imageShape.reduce((product, size) => product * size, 1);
      const expected = [trainRows, testRows].flatMap((rows) => [16 + rows * pixels, 8 + rows]);
      assert.deepEqual(published.map(({ bytes }) => bytes), expected);
    }
  });

  test("an unknown name gets the list of names", async () => {
    const error = {
      name: "DataError",
      code: "ERR_DATA_NAME",
      message: "no data set is named 'fashion'; there are: fashion-mnist",
    };
    assert.throws(() => datasetInfo("fashion"), error);
    assert.throws(() => loadDataset("fashion"), error);
  });
});

test("the real Fashion-MNIST, where this machine has it", async (t: TestContext) => {
  const offline = { ...machineEnvironment(), fetch: () => Promise.reject(new Error("not used")) };
  const present = [join(offline.cacheDir, "fashion-mnist"), datasetInfo("fashion-mnist").debian.directory];
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

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("aborted")));
  });

function isRoot(): string | false {
  return process.getuid?.() === 0 ? "root may write everywhere" : false;
}
