import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { InteropError } from "../../src/interop/interop-error.js";
import { openFile } from "../../src/node/files/open-file.js";
import { OpenSafetensors } from "../../src/interop/open-safetensors.js";
import { readSafetensors } from "../../src/interop/read-safetensors.js";
import type { StoredArray } from "../../src/interop/stored-array.js";
import { writeSafetensors } from "../../src/interop/write-safetensors.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { randomArray } from "../helpers/arrays.js";

let folder = "";
before(async () => (folder = await mkdtemp(path.join(tmpdir(), "resnet-ts-"))));
after(() => rm(folder, { recursive: true }));

const tensors = new Map<string, StoredArray>([
  ["weight", randomArray([3, 2, 5], 1)],
  ["labels", hostArray([3], [1, 2, 3], "i32")],
  ["pixels", hostArray([7], [1, 2, 3, 4, 5, 6, 7], "u8")],
  ["empty", hostArray([0, 4])],
]);

async function write(name: string, bytes: Uint8Array): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, bytes);
  return file;
}

describe("OpenSafetensors", () => {
  test("reads what readSafetensors reads, in the order of the data", async () => {
    const bytes = await writeSafetensors(tensors, { note: "text" });
    const file = await write("whole.safetensors", bytes);
    const opened = await OpenSafetensors.open(await openFile(file));
    const expected = readSafetensors(bytes);
    assert.deepEqual([...opened.places.keys()], [...expected.tensors.keys()]);
    assert.deepEqual(opened.metadata, expected.metadata);
    const hash = createHash("sha256").update(opened.header);
    for (const [name, array] of expected.tensors) {
      assert.deepEqual(await opened.read(name, (piece) => hash.update(piece)), array);
    }
    await opened.close();
    const whole = createHash("sha256").update(await readFile(file));
    assert.equal(hash.digest("hex"), whole.digest("hex"));
  });

  test("refuses a file cut at any byte before reading a tensor", async () => {
    const bytes = await writeSafetensors(tensors);
    const file = await write("cut.safetensors", bytes);
    for (let length = bytes.length - 1; length >= 0; length--) {
      await truncate(file, length);
      await assert.rejects(OpenSafetensors.open(await openFile(file)), InteropError);
    }
  });

  test("says so when the file becomes shorter while it is read", async () => {
    const file = await write("shorter.safetensors", await writeSafetensors(tensors));
    const opened = await OpenSafetensors.open(await openFile(file));
    await truncate(file, opened.header.length);
    await assert.rejects(opened.read("weight"), /became shorter while it was read/);
    await opened.close();
  });
});
