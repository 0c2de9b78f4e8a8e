import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync, mkdirSync } from "node:fs";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import { fetchFile } from "../../src/node/pretrained/fetch-file.js";
import {
  ownWeights,
  publishedFile,
  sendFile,
  serve,
  sha256,
  testMachine,
  type TestServer,
} from "./weights-server.js";

const file = publishedFile ?? (await ownWeights());
const hash = { algorithm: "sha256", hex: sha256(file).slice(0, 8) } as const;

/** Fetches `/net.th` of the server, and says what was told meanwhile. */
async function fetchIt(t: TestContext, server: TestServer, machine = testMachine(t, server)) {
  const notices: string[] = [];
  const received: number[] = [];
  const target = path.join(machine.cacheDir, "net.th");
  const work = fetchFile({ address: `${server.url}/net.th`, path: target, hash }, machine, {
    onNotice: (notice) => notices.push(notice),
    onProgress: ({ receivedBytes, totalBytes }) => {
      received.push(receivedBytes);
      assert.equal(totalBytes, file.length);
    },
  });
  return { machine, notices, received, target, work };
}

/** The fetched file is there, and nothing else. */
function assertFetched(target: string): void {
  assert.deepEqual(readdirSync(path.dirname(target)), [path.basename(target)]);
  assert.ok(readFileSync(target).equals(file));
}

/** No file is there, and no part that would be resumed. */
const assertNothing = (target: string): void =>
  assert.deepEqual(readdirSync(path.dirname(target)), []);

describe("fetchFile", () => {
  test("fetches a file once, with its progress", async (t) => {
    const server = await serve(t, (request, response) => sendFile(request, response, file));
    const { machine, target, received, notices, work } = await fetchIt(t, server);
    await work;
    assertFetched(target);
    assert.equal(received.at(-1), file.length);
    assert.ok(received.every((bytes, i) => i === 0 || bytes > received[i - 1]!));
    await (
      await fetchIt(t, server, machine)
    ).work;
    assert.equal(server.asked.length, 1);
    assert.deepEqual(notices, []);
  });

  test("resumes where the connection broke", async (t) => {
    const server = await serve(t, (request, response, count) => {
      if (count > 1) return sendFile(request, response, file);
      response.writeHead(200, { "content-length": file.length });
      return void response.write(file.subarray(0, 70_000), () => response.destroy());
    });
    const { target, work } = await fetchIt(t, server);
    await work;
    assertFetched(target);
    assert.match(server.asked[1]!.range!, /^bytes=[1-9]\d*-$/);
  });

  test("resumes what an earlier process had received, and begins anew if that was another file", async (t) => {
    for (const part of [file.subarray(0, 1000), Buffer.alloc(1000, 7)]) {
      const server = await serve(t, (request, response) => sendFile(request, response, file));
      const machine = testMachine(t, server);
      const directory = path.join(machine.cacheDir, "net.th.download");
      mkdirSync(directory, { recursive: true });
      const { host } = new URL(server.url);
      writeFileSync(path.join(directory, `net.th.${host.replace(":", "-")}.partial`), part);
      const { target, work } = await fetchIt(t, server, machine);
      await work;
      assertFetched(target);
      const ranges = server.asked.map(({ range }) => range);
      const isSame = part[0] === file[0];
      assert.deepEqual(ranges, isSame ? ["bytes=1000-"] : ["bytes=1000-", undefined]);
    }
  });

  test("refuses a file that is cut, and keeps what came for the next try", async (t) => {
    const server = await serve(t, (request, response) => {
      const start = Number(/\d+/.exec(request.headers.range ?? "0")![0]);
      const range = { "content-range": `bytes ${start}-${file.length - 1}/${file.length}` };
      response.writeHead(start > 0 ? 206 : 200, {
        "content-length": file.length - start,
        ...(start > 0 && range),
      });
      response.write(file.subarray(start, start + 1000), () => response.destroy());
    });
    const { target, work } = await fetchIt(t, server);
    await assert.rejects(work, { code: "ERR_DATA_SOURCE" });
    assert.equal(server.asked.length, 3);
    assert.deepEqual(readdirSync(path.dirname(target)), ["net.th.download"]);
  });

  test("refuses another file, with both hashes", async (t) => {
    const other = Buffer.from(file);
    other[5000]! ^= 1;
    const server = await serve(t, (request, response) => sendFile(request, response, other));
    const { target, work } = await fetchIt(t, server);
    await assert.rejects(work, {
      code: "ERR_PRETRAINED_FILE",
      message:
        `${server.url}/net.th: this is not the published file: its SHA-256 is ${sha256(other)}, ` +
        `and the published one begins with ${hash.hex}`,
    });
    assertNothing(target);
  });

  test("says that a web page came instead", async (t) => {
    const page = Buffer.from("<!doctype html><title>Welcome to the hotel</title>");
    const server = await serve(t, (request, response) => sendFile(request, response, page));
    const { target, work } = await fetchIt(t, server, {
      ...testMachine(t, server),
    });
    await assert.rejects(work, {
      code: "ERR_PRETRAINED_FILE",
      message: /; it is a web page \(HTML\) instead of the file: /,
    });
    assertNothing(target);
  });

  test("follows a redirect", async (t) => {
    const server = await serve(t, (request, response) => {
      if (request.url === "/moved") return sendFile(request, response, file);
      return void response.writeHead(302, { location: "/moved" }).end();
    });
    const { target, work } = await fetchIt(t, server);
    await work;
    assertFetched(target);
  });

  test("says that the server does not have the file", async (t) => {
    const server = await serve(t, (_, response) => void response.writeHead(404).end("no"));
    const { target, work } = await fetchIt(t, server);
    await assert.rejects(work, {
      code: "ERR_DATA_SOURCE",
      message: `${server.url}/net.th: the server answered 404 Not Found`,
    });
    assertNothing(target);
  });

  test("waits for a slow server, and gives up on a silent one", async (t) => {
    const slow = await serve(t, (_, response) => {
      response.writeHead(200, { "content-length": file.length });
      const pieces = Array.from({ length: 8 }, (__, i) =>
        file.subarray((i * file.length) / 8, ((i + 1) * file.length) / 8),
      );
      const next = (): void => {
        const piece = pieces.shift();
        if (piece) response.write(piece, () => setTimeout(next, 20));
        else response.end();
      };
      next();
    });
    const fetched = await fetchIt(t, slow);
    await fetched.work;
    assertFetched(fetched.target);

    const silent = await serve(t, (_, response) => {
      response.writeHead(200, { "content-length": file.length }).flushHeaders();
    });
    const machine = { ...testMachine(t, silent), stallTimeoutMs: 100 };
    const { target, work } = await fetchIt(t, silent, machine);
    await assert.rejects(work, {
      code: "ERR_DATA_SOURCE",
      message: `${silent.url}/net.th: no news from ${new URL(silent.url).host} for 0.1 s`,
    });
    assertNothing(target);
  });

  test("downloads once for all that ask at the same time", async (t) => {
    const server = await serve(t, (request, response) => {
      setTimeout(() => sendFile(request, response, file), 100);
    });
    const machine = testMachine(t, server);
    const all = await Promise.all([1, 2, 3].map(() => fetchIt(t, server, machine)));
    await Promise.all(all.map(({ work }) => work));
    assert.equal(server.asked.length, 1);
    assertFetched(all[0]!.target);
    const told = all.flatMap(({ notices }) => notices);
    assert.equal(told.length, 2);
    assert.match(told[0]!, /^waiting for another download of the same file: .* is in use by/);
  });

  test("replaces a damaged file of the cache", async (t) => {
    const server = await serve(t, (request, response) => sendFile(request, response, file));
    const machine = testMachine(t, server);
    mkdirSync(machine.cacheDir, { recursive: true });
    writeFileSync(path.join(machine.cacheDir, "net.th"), file.subarray(1));
    const { target, notices, work } = await fetchIt(t, server, machine);
    await work;
    assertFetched(target);
    assert.match(notices.join(), /this is not the published file: .*; downloading it again$/);
  });

  test("says which directory cannot be written", async (t) => {
    const server = await serve(t, (request, response) => sendFile(request, response, file));
    const machine = testMachine(t, server);
    writeFileSync(machine.cacheDir, ""); // a file where the directory should be
    const { work } = await fetchIt(t, server, machine);
    await assert.rejects(work, {
      code: "ERR_PRETRAINED_FILE",
      message:
        `${machine.cacheDir} cannot be written (ENOTDIR: a part of the path is a file): name another cache with ` +
        "XDG_CACHE_HOME, or a directory that has the weights with --pretrained-dir",
    });
  });
});
