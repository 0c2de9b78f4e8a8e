import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { readTar } from "../../src/tar/read-tar.js";
import { tarHeader, tarOf } from "../data/tiny-archive.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

async function* inChunks(bytes: Uint8Array, chunk: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
}

/** Every file, or those that `wanted` names. */
async function filesOf(
  bytes: Uint8Array,
  chunk = 512,
  wanted = (_name: string) => true,
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const { name, read } of readTar(inChunks(bytes, chunk))) {
    if (wanted(name)) files.set(name, Buffer.from(await read(bytes.length)).toString());
  }
  return files;
}

describe("readTar", () => {
  const members = new Map([
    ["a/empty", Buffer.alloc(0)],
    ["a/one", Buffer.from("1")],
    ["b", Buffer.from("x".repeat(512))],
    ["c", Buffer.from("y".repeat(1300))],
  ]);
  const archive = gunzipSync(tarOf(members));

  test("gives files and not folders, whatever the sizes of the chunks", async () => {
    for (const chunk of [1, 7, 511, 512, 513, 100_000]) {
      const files = await filesOf(archive, chunk);
      assert.deepEqual([...files.keys()], ["tiny-files/read.me", ...members.keys()]);
      for (const [name, data] of members) assert.equal(files.get(name), data.toString());
    }
  });

  test("passes over what is not read", async () => {
    const files = await filesOf(archive, 100, (name) => name === "c");
    assert.deepEqual([...files], [["c", "y".repeat(1300)]]);
  });

  test("refuses an archive cut at any block, with one reason", async () => {
    for (let end = 0; end < archive.length - 1024; end += 256) {
      await assert.rejects(filesOf(archive.subarray(0, end)), { message: "it ends too early" });
    }
  });

  test("does not believe a size that no file has, nor take memory for it", async () => {
    const liar = Buffer.concat([tarHeader("liar", 8 * 2 ** 30 - 1, "0"), Buffer.alloc(2048)]);
    await assert.rejects(filesOf(liar), {
      message: "liar has 8589934591 bytes, more than 2560",
    });
    const read = async () => {
      for await (const entry of readTar(inChunks(liar, 512))) await entry.read(2 ** 40);
    };
    await assert.rejects(read(), { message: "it ends too early" });
  });

  test("refuses a header whose checksum is off, and a size that is no number", async () => {
    const flipped = Buffer.from(archive);
    flipped[0]! ^= 1;
    await assert.rejects(filesOf(flipped), { message: "the checksum of a header does not match" });
    const header = tarHeader("a", 1, "0");
    header[130]! += 9; // a digit above 7 …
    header[148 + 5]! += 1; // … which moves the checksum from …4 octal by 9 = 0o11
    header[148 + 4]! += 1;
    await assert.rejects(filesOf(Buffer.concat([header, Buffer.alloc(1024)])), {
      message: "a field of a header is not an octal number",
    });
  });

  test("reads or refuses whatever bytes, and ends", async () => {
    const damage = fc.record({
      at: fc.nat(archive.length - 1),
      byte: fc.nat(255),
      chunk: fc.integer({ min: 1, max: 2000 }),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ at, byte, chunk }) => {
        const bytes = Buffer.from(archive);
        bytes[at] = byte;
        await filesOf(bytes, chunk).catch((error: Error) => assert.equal(error.name, "Error"));
      }),
      { seed: 1, numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
        await filesOf(bytes).catch((error: Error) => assert.equal(error.name, "Error"));
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  for (const format of ["ustar", "gnu", "pax"]) {
    test(`reads what tar --format=${format} writes`, async (t) => {
      const root = scratchFolder(t);
      const long = "folder/".repeat(12);
      mkdirSync(path.join(root, long), { recursive: true });
      writeFileSync(path.join(root, long, "deep-inside-of-many-folders.txt"), "deep");
      writeFileSync(path.join(root, "Grüße.txt"), "hello");
      symlinkSync("Grüße.txt", path.join(root, "link"));
      const args = [`--format=${format}`, "-c", "folder", "Grüße.txt", "link"];
      const { stdout, status, error } = spawnSync("tar", args, { cwd: root });
      if (error || status !== 0) return t.skip("no GNU tar on this machine");
      const files = await filesOf(stdout);
      assert.equal(files.get("Grüße.txt"), "hello");
      assert.equal(files.has("link"), false);
      if (format === "ustar")
        assert.equal(files.get(`${long}deep-inside-of-many-folders.txt`), "deep");
    });
  }
});
