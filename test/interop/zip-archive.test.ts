// The reader of PyTorch's zip archives: in place, with 64-bit sizes, and with an error for each kind of damage.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { bytesSource } from "../../src/interop/byte-source.js";
import { ZipArchive } from "../../src/interop/torch/zip-archive.js";
import { readWeights } from "../../src/node/interop/read-weights.js";
import { readTorch } from "../../src/public/interop.js";
import { zipOf } from "../data/tiny-archive.js";
import { packageRoot } from "../helpers/fixtures.js";

/**
 * Python 3.11.7, zipfile.ZIP64_LIMIT = zipfile.ZIP_FILECOUNT_LIMIT = 1: a/x of b"12345" and a/y of b"678", with 64-bit
 * sizes, a 64-bit offset of a/y, a 64-bit end record, and the comment b"c". The data begin at bytes 53 and 111.
 */
const wide = Buffer.from(
  "UEsDBC0AAAAAAAAAIQAcOvXL//////////8DABQAYS94AQAQAAUAAAAAAAAABQAAAAAAAAAxMjM0NVBLAwQtAAAAAAAAACEA" +
    "mliiZ///////////AwAUAGEveQEAEAADAAAAAAAAAAMAAAAAAAAANjc4UEsBAi0DLQAAAAAAAAAhABw69cv//////////wMA" +
    "FAAAAAAAAAAAAIABAAAAAGEveAEAEAAFAAAAAAAAAAUAAAAAAAAAUEsBAi0DLQAAAAAAAAAhAJpYomf//////////wMAHAAA" +
    "AAAAAAAAAIAB/////2EveQEAGAADAAAAAAAAAAMAAAAAAAAAOgAAAAAAAABQSwYGLAAAAAAAAAAtAC0AAAAAAAAAAAACAAAA" +
    "AAAAAAIAAAAAAAAAkgAAAAAAAAByAAAAAAAAAFBLBgcAAAAABAEAAAAAAAABAAAAUEsFBgAAAAACAAIAkgAAAHIAAAABAGM=",
  "base64",
);

const open = (bytes: Uint8Array): Promise<ZipArchive> =>
  ZipArchive.open(bytesSource(bytes, "file"));

/** An archive of x (3 bytes: local header at 0, data at 31) and y, with bytes changed from `at` on. */
function changed(at: (bytes: Buffer) => number, ...values: readonly number[]): Buffer {
  const bytes = zipOf(
    new Map([
      ["x", Buffer.from("123")],
      ["y", Buffer.from("45")],
    ]),
  );
  bytes.set(values, at(bytes));
  return bytes;
}
const inDirectory = (offset: number) => (bytes: Buffer) => bytes.indexOf("PK\x01\x02") + offset;
const inEnd = (offset: number) => (bytes: Buffer) => bytes.indexOf("PK\x05\x06") + offset;

describe("ZipArchive", () => {
  test("finds entries with 64-bit sizes and offsets, before a comment", async () => {
    const archive = await open(wide);
    assert.deepEqual([...archive.names], ["a/x", "a/y"]);
    assert.deepEqual(await archive.locate("a/x"), { start: 53, bytes: 5 });
    assert.deepEqual(await archive.locate("a/y"), { start: 111, bytes: 3 });
    assert.equal(Buffer.from(await archive.read("a/y", 3)).toString(), "678");
  });

  test("reads a directory that begins before the last mebibyte", async () => {
    const names = Array.from({ length: 18_000 }, (_, i) => `${i}`.padStart(30, "0"));
    const archive = await open(
      zipOf(new Map(names.map((name, i) => [name, Buffer.from([i & 255])]))),
    );
    assert.deepEqual([...archive.names], names);
    assert.deepEqual([...(await archive.read(names[300]!, 1))], [44]);
  });

  const damaged: Readonly<Record<string, readonly [Uint8Array, finding: string]>> = {
    "no directory": [
      Buffer.from("PK\x03\x04 and no more than this"),
      "it has no directory; it may be truncated",
    ],
    "bytes after the end": [
      Buffer.concat([changed(() => 0), Buffer.alloc(3)]),
      "its directory is not at its end",
    ],
    "several parts": [changed(inEnd(4), 1), "it is one of several parts"],
    "several parts, in 64 bits": [
      Buffer.from(wide).fill(1, wide.indexOf("PK\x06\x06") + 16, wide.indexOf("PK\x06\x06") + 17),
      "it is one of several parts",
    ],
    "a directory elsewhere": [changed(inEnd(16), 1), "its directory has a gap"],
    "a directory after the end": [changed(inEnd(18), 255), "it ends early"],
    "too many entries": [
      changed(inEnd(10), 0x21, 0x4e),
      "it has 20001 entries; the limit is 20000",
    ],
    "a name twice": [changed(inDirectory(47 + 46), "x".charCodeAt(0)), "x is there twice"],
    "a missing 64-bit size": [
      changed(inDirectory(20), 255, 255, 255, 255),
      "an entry has no 64-bit size",
    ],
  };
  for (const [name, [bytes, finding]] of Object.entries(damaged)) {
    test(`refuses an archive with ${name}`, () =>
      assert.rejects(open(bytes), {
        code: "ERR_TORCH_FILE",
        message: `file: the zip archive is damaged: ${finding}`,
      }));
  }

  const unread: Readonly<Record<string, readonly [Uint8Array, finding: string]>> = {
    "of another size when unpacked": [
      changed(inDirectory(24), 4),
      "is compressed, which PyTorch never does; unpack it and save it again",
    ],
    "with a password": [changed(inDirectory(8), 1), "is encrypted"],
    "without a local header": [changed(() => 0, 0), "is damaged: it has no local header"],
    "with a local header after the end": [
      changed(inDirectory(44), 255),
      "is damaged: it ends early",
    ],
    "with data after the end": [changed(() => 27, 255), "is damaged: it ends after the file"],
  };
  for (const [name, [bytes, finding]] of Object.entries(unread)) {
    test(`refuses an entry ${name}`, async () => {
      const archive = await open(bytes);
      assert.deepEqual([...(await archive.read("y", 2))], [...Buffer.from("45")]);
      await assert.rejects(archive.locate("x"), {
        code: "ERR_TORCH_FILE",
        message: `file: x ${finding}`,
      });
    });
  }
});

test("an entry of more bytes than its reader wants is refused before it is read", async () => {
  const archive = await open(zipOf(new Map([["y", Buffer.from("45")]])));
  await assert.rejects(archive.read("y", 1), {
    code: "ERR_TORCH_LIMIT",
    message: "file: y has 2 bytes; the limit is 1",
  });
});

test("the portable entry reads a file of PyTorch from its bytes", async () => {
  for (const name of ["tensors.pth", "tensors-legacy.pth", "tensors-tar.pth"]) {
    const file = path.join(packageRoot, "test/fixtures/torch", name);
    const weights = await readTorch(new Uint8Array(readFileSync(file)));
    assert.ok(weights.size > 0);
    assert.deepEqual(weights, await readWeights(file));
  }
  await assert.rejects(readTorch(new Uint8Array([0x50, 0x4b, 3, 4])), {
    message:
      "the PyTorch file: the zip archive is damaged: it has no directory; it may be truncated",
  });
});
