import assert from "node:assert/strict";
import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { loadEntry } from "../../src/node/data/load-dataset.js";
import type { RunCommand } from "../../src/node/data/sources/environment.js";
import { assertCacheIsClean, cacheOf, loadsIt, putFiles } from "./load-tiny.js";
import {
  compressed,
  debian,
  emptyMachine,
  entry,
  files,
  rangeStart,
  serve,
} from "./tiny-dataset.js";
import type { TestMachine } from "./tiny-dataset.js";

const firstName = "train-images-idx3-ubyte";
const first = compressed.get(firstName)!;

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
    const expected = [...compressed].map(([name, { length }]) => `${name}.gz ${length}/${length}`);
    assert.deepEqual(progress, expected);
    await assertCacheIsClean(machine);
    assert.deepEqual(
      asked,
      [...files.keys()].map((name) => `http://first.example/tiny/${name}.gz`),
    );
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
        url.includes("first")
          ? new Response("<html>Welcome to the hotel</html>")
          : serve(url, init),
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
    const again = {
      ...machine,
      fetch: async (url: string, init: RequestInit) => (
        starts.push(rangeStart(init)),
        serve(url, init)
      ),
    };
    assert.deepEqual(await loadsIt(again), []);
    assert.deepEqual(starts, [13, null, null, null]);
    await assertCacheIsClean(machine);
  });

  for (const [what, bytes] of [
    ["bytes of another file", Buffer.from("these are not the first")],
    ["too many bytes", Buffer.concat([first, first])],
    ["all bytes", first],
  ] as const) {
    test(`start again when ${what} were left by an earlier try`, async (t) => {
      const machine = await emptyMachine(t, {
        fetch: async (url, init) => {
          assert.match(url, /first/, "the first address is enough");
          return serve(url, init);
        },
      });
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

  test("may take longer than that as long as bytes arrive", async (t) => {
    const machine = await emptyMachine(t, {
      stallTimeoutMs: 200,
      fetch: async (url, init) => {
        assert.match(url, /first/, "the first address is enough");
        if (!url.includes(firstName)) return serve(url, init);
        const body = new ReadableStream({
          async start(controller) {
            for (let at = 0; at < first.length; at += 10) {
              await new Promise((resolve) => setTimeout(resolve, 80));
              if (init.signal?.aborted) return controller.error(new Error("aborted"));
              controller.enqueue(first.subarray(at, at + 10));
            }
            controller.close();
          },
        });
        return new Response(body);
      },
    });
    assert.deepEqual(await loadsIt(machine), []);
  });

  test("say after which time they gave up", async (t) => {
    const machine = await emptyMachine(t, { fetch: (_, init) => aborted(init.signal!) });
    await assert.rejects(loadEntry(entry, {}, machine), {
      message: /\.gz: no news from first\.example for 0\.05 s\n/,
    });
  });

  test("that end early are not taken for the whole file", async (t) => {
    const machine = await emptyMachine(t, {
      fetch: async () =>
        new Response(Uint8Array.from(first.subarray(0, 9)), {
          headers: { "content-length": "44" },
        }),
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
      `${firstName} cannot be kept in ROOT/cache/tiny:` +
        " ENOTDIR: not a directory, mkdir 'ROOT/cache/tiny'",
    );
  });

  test(
    "leave nothing in a cache that cannot be written",
    { skip: isRoot() && "root may write everywhere" },
    async (t) => {
      const machine = await emptyMachine(t, { fetch: async (url, init) => serve(url, init) });
      await mkdir(cacheOf(machine), { recursive: true });
      await chmod(cacheOf(machine), 0o500);
      assert.equal((await loadsIt(machine)).length, 4);
      assert.deepEqual(await readdir(cacheOf(machine)), []);
    },
  );
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
        await putFiles(join(directory, "unpacked", debian.directory), "gz");
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

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("aborted")));
  });

function isRoot(): string | false {
  return process.getuid?.() === 0 ? "root may write everywhere" : false;
}
