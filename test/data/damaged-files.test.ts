// Whatever the bytes are, a reader gives what the file says or refuses it with a code: no crash, no hang, no memory that
// the file does not account for.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import {
  type CifarPart,
  joinCifarParts,
  readCifarBinary,
  readCifarPickle,
} from "../../src/data/cifar-files.js";
import { readArchive } from "../../src/node/data/sources/archive.js";
import { ResnetError } from "../../src/tensor/error.js";
import { damage, damaged } from "../helpers/damage.js";
import { archivedEntry, archives } from "./tiny-archive.js";

const refusal = (error: unknown): void => {
  assert.ok(error instanceof ResnetError, String(error));
  assert.match(error.code, /^ERR_(DATA|PICKLE)_/);
  assert.ok(error.message.length < 1000, error.message.slice(0, 1000));
};

const fixture = (name: string): Uint8Array =>
  readFileSync(fileURLToPath(new URL(`../../../test/fixtures/cifar/${name}`, import.meta.url)));

describe("CIFAR's readers with damaged files", () => {
  const record = (label: number) =>
    Uint8Array.from({ length: 3073 }, (_, i) => (i ? i % 256 : label));
  const binary = Buffer.concat([record(3), record(9), record(0)]);
  const readers: readonly (readonly [string, Uint8Array, (bytes: Uint8Array) => CifarPart])[] = [
    [
      "binary",
      binary,
      (bytes) => readCifarBinary(bytes, "file", { labels: 1, label: 0, classes: 10 }),
    ],
    [
      "pickle",
      fixture("data_batch"),
      (bytes) => readCifarPickle(bytes, "file", { labels: "labels", classes: 10 }),
    ],
    [
      "pickle in Fortran's order",
      fixture("train"),
      (bytes) => readCifarPickle(bytes, "file", { labels: "coarse_labels", classes: 20 }),
    ],
  ];
  for (const [what, file, read] of readers) {
    const check = (bytes: Uint8Array): void => {
      try {
        const part = read(bytes);
        assert.ok(part.labels.length * 3072 <= bytes.length, "more images than bytes");
        joinCifarParts("file", [part], []);
      } catch (error) {
        refusal(error);
      }
    };
    test(`${what}: any changes`, () => {
      fc.assert(
        fc.property(damage, (changes) => check(damaged(file, changes))),
        { seed: 11, numRuns: 1500 },
      );
    });

    test(`${what}: cut at any of its first and last bytes`, () => {
      for (let i = 0; i < 300; i++) {
        check(file.subarray(0, i));
        check(file.subarray(0, file.length - 1 - i));
      }
    });

    test(`${what}: any bytes`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => check(bytes)),
        { seed: 12, numRuns: 1000 },
      );
    });
  }
});

describe("archives that are damaged, though their digest be right", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "resnet-ts-damaged-"));
  });
  after(() => rm(folder, { recursive: true }));

  for (const [name, bytes] of archives) {
    const { archive, files } = archivedEntry(name, bytes).forms[0]!;
    const names = files.map((file) => file.name).sort();
    const check = async (changed: Uint8Array): Promise<void> => {
      const file = path.join(folder, name);
      await writeFile(file, changed);
      const hex = createHash("md5").update(changed).digest("hex");
      const form = { archive: { ...archive!, digest: { algorithm: "md5" as const, hex } }, files };
      try {
        assert.deepEqual([...(await readArchive(form, file, name)).keys()].sort(), names);
      } catch (error) {
        refusal(error);
      }
    };

    test(`${name}: any changes`, async () => {
      const property = fc.asyncProperty(damage, (changes) => check(damaged(bytes, changes)));
      await fc.assert(property, { seed: 13, numRuns: 400, timeout: 5000 });
    });

    test(`${name}: any bytes`, async () => {
      const property = fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), check);
      await fc.assert(property, { seed: 14, numRuns: 200, timeout: 5000 });
    });
  }
});
