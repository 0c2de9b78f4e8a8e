import assert from "node:assert/strict";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { loadEntry } from "../../src/node/data/load-dataset.js";
import { files, emptyMachine, type TestMachine } from "./tiny-dataset.js";
import { archivedEntry, archives, tarOf } from "./tiny-archive.js";

/** A machine whose network has `bytes` under `name`, and counts what is asked of it. */
const online = (bytes: Uint8Array, asked: string[]): Partial<TestMachine> => ({
  fetch: async (url, init) => {
    const range = new Headers(init.headers).get("range");
    asked.push(range ? `${url} ${range}` : url);
    return new Response(Uint8Array.from(bytes), {
      headers: { "content-length": `${bytes.length}` },
    });
  },
});

/** Loads the tiny data set and makes sure that it is the published one. */
async function loads(
  entry: ReturnType<typeof archivedEntry>,
  machine: TestMachine,
  dataDir?: string,
): Promise<string[]> {
  const notices: string[] = [];
  const onNotice = (notice: string) => notices.push(notice.replaceAll(machine.root, "ROOT"));
  const { train, test: tested } = await loadEntry(entry, { dataDir, onNotice }, machine);
  assert.deepEqual([...train.images.data], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  assert.deepEqual([...tested.labels.data], [1, 1]);
  return notices;
}

for (const [name, bytes] of archives) {
  describe(`a data set published as ${name}`, () => {
    const entry = archivedEntry(name, bytes);
    const unpacked = [...files.keys()].sort();

    test("is downloaded once, and its files kept", async (t) => {
      const asked: string[] = [];
      const machine = await emptyMachine(t, online(bytes, asked));
      assert.deepEqual(await loads(entry, machine), []);
      assert.deepEqual(asked, [`http://first.example/tiny/${name}`]);
      assert.deepEqual((await readdir(join(machine.cacheDir, "tiny"))).sort(), unpacked);
      await loads(entry, machine);
      assert.equal(asked.length, 1);
    });

    test("is kept as it is where others share it, and read again when a file is gone", async (t) => {
      const asked: string[] = [];
      const machine = await emptyMachine(t, online(bytes, asked));
      const cache = join(machine.cacheDir, "tiny");
      const shared = archivedEntry(name, bytes, true);
      await loads(shared, machine);
      assert.deepEqual((await readdir(cache)).sort(), [...unpacked, name].sort());
      await rm(join(cache, unpacked[0]!));
      assert.deepEqual(await loads(shared, machine), []);
      assert.equal(asked.length, 1);
    });

    test("is read where the user has it", async (t) => {
      const machine = await emptyMachine(t);
      const dataDir = join(machine.root, "mine");
      await mkdir(join(dataDir, "Tiny/raw"), { recursive: true });
      await writeFile(join(dataDir, "Tiny/raw", name), bytes);
      assert.deepEqual(await loads(entry, machine, dataDir), []);
    });

    test("is resumed where the connection broke", async (t) => {
      const asked: string[] = [];
      const machine = await emptyMachine(t, {
        fetch: async (_url, init) => {
          const range = new Headers(init.headers).get("range");
          asked.push(range ?? "all");
          const start = range ? Number(/\d+/.exec(range)![0]) : 0;
          const end = range ? bytes.length : 100;
          return new Response(Uint8Array.from(bytes.subarray(start, end)), {
            status: range ? 206 : 200,
            headers: {
              "content-length": `${bytes.length - start}`,
              ...(range && {
                "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}`,
              }),
            },
          });
        },
      });
      assert.deepEqual(await loads(entry, machine), []);
      assert.deepEqual(asked, ["all", "bytes=100-"]);
    });

    test("is refused when it is cut short, with the way out", async (t) => {
      const machine = await emptyMachine(t);
      const dataDir = join(machine.root, "mine");
      await mkdir(dataDir);
      await writeFile(join(dataDir, name), bytes.subarray(0, bytes.length / 2));
      await assert.rejects(loads(entry, machine, dataDir), {
        code: "ERR_DATA_CHECKSUM",
        message: new RegExp(`^${join(dataDir, name)}: the MD5 is [0-9a-f]{32} but the published`),
      });
    });

    test("is refused when it is damaged, though its digest be right", async (t) => {
      const machine = await emptyMachine(t);
      const dataDir = join(machine.root, "mine");
      await mkdir(dataDir);
      for (const length of [0, 10, 100, Math.floor(bytes.length / 2), bytes.length - 30]) {
        const damaged = bytes.subarray(0, length);
        await writeFile(join(dataDir, name), damaged);
        await assert.rejects(loads(archivedEntry(name, damaged), machine, dataDir), {
          code: "ERR_DATA_ARCHIVE",
        });
      }
    });
  });
}

describe("an archive", () => {
  const fails = async (
    t: Parameters<typeof emptyMachine>[0],
    members: ReadonlyMap<string, Uint8Array>,
    code: string,
    message: string,
  ): Promise<void> => {
    const machine = await emptyMachine(t);
    const dataDir = join(machine.root, "mine");
    await mkdir(dataDir);
    const bytes = tarOf(members);
    await writeFile(join(dataDir, "tiny.tar.gz"), bytes);
    await assert.rejects(
      loads(archivedEntry("tiny.tar.gz", bytes), machine, dataDir),
      (error: Error & { code?: string }) => {
        assert.equal(error.message.replaceAll(machine.root, "ROOT"), message);
        assert.equal(error.code, code);
        return true;
      },
    );
  };
  const inFolder = [...files].map(([name, bytes]) => [`tiny-files/${name}`, bytes] as const);

  test("that lacks a file is named with the file", (t) =>
    fails(
      t,
      new Map(inFolder.slice(1)),
      "ERR_DATA_ARCHIVE",
      "ROOT/mine/tiny.tar.gz: the archive has no tiny-files/train-images-idx3-ubyte",
    ));

  test("whose file is another is named with the file and both digests", (t) => {
    const [first, ...rest] = inFolder;
    const changed = first![1].slice();
    changed[20] = 99;
    return fails(
      t,
      new Map([[first![0], changed], ...rest]),
      "ERR_DATA_CHECKSUM",
      "ROOT/mine/tiny.tar.gz: tiny-files/train-images-idx3-ubyte: the SHA-256 is" +
        " e370f6ddfe303cd056cff0a61fd4085cd612ce548f1735a4323b2e4b6e5e28e4 but the published file's is" +
        " 791217a0ad3768e8809487aab66ad0efaa213debef48bd02d340e0ff84a63a73",
    );
  });

  test("whose file is larger than the published one is not unpacked", (t) => {
    const [first, ...rest] = inFolder;
    return fails(
      t,
      new Map([[first![0], new Uint8Array(1 << 20)], ...rest]),
      "ERR_DATA_ARCHIVE",
      "ROOT/mine/tiny.tar.gz: the archive cannot be unpacked:" +
        " tiny-files/train-images-idx3-ubyte has 1048576 bytes, more than 65564",
    );
  });
});
