/** A data set of a few pixels with its published files, for the tests of the sources. */

import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import type { DatasetEntry } from "../../src/data/catalog/dataset-entry.js";
import { DataError } from "../../src/data/data-error.js";
import { decodeIdxDataset } from "../../src/data/idx.js";
import type { SourceEnvironment } from "../../src/node/data/sources/environment.js";

/** An IDX file of unsigned bytes. */
export function idxFile(sizes: readonly number[], elements: readonly number[]): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * sizes.length));
  header.setUint32(0, 0x0800 + sizes.length);
  sizes.forEach((size, axis) => header.setUint32(4 + 4 * axis, size));
  return Uint8Array.from([...new Uint8Array(header.buffer), ...elements]);
}

/** The decompressed files: 3 training and 2 test images of 2 x 2 pixels, classes cat and dog. */
export const files = new Map([
  ["train-images-idx3-ubyte", idxFile([3, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])],
  ["train-labels-idx1-ubyte", idxFile([3], [0, 1, 0])],
  ["t10k-images-idx3-ubyte", idxFile([2, 2, 2], [21, 22, 23, 24, 25, 26, 27, 28])],
  ["t10k-labels-idx1-ubyte", idxFile([2], [1, 1])],
]);

export const compressed = new Map([...files].map(([name, bytes]) => [name, gzipSync(bytes)]));

const fileNames = {
  train: { images: "train-images-idx3-ubyte", labels: "train-labels-idx1-ubyte" },
  test: { images: "t10k-images-idx3-ubyte", labels: "t10k-labels-idx1-ubyte" },
};

export const debian = { package: "dataset-tiny", directory: "/usr/share/datasets/tiny" };

export const entry: DatasetEntry = {
  name: "tiny",
  title: "Tiny",
  description: "Cats and dogs of four pixels",
  imageShape: [2, 2, 1],
  trainRows: 3,
  testRows: 2,
  classes: ["cat", "dog"],
  licence: "none",
  homepage: "https://tiny.example",
  forms: [
    {
      name: "IDX files",
      files: [...files].map(([name, bytes]) => ({
        name,
        bytes: bytes.length,
        digest: { algorithm: "sha256", hex: createHash("sha256").update(bytes).digest("hex") },
      })),
      urls: ["http://first.example/tiny", "http://second.example/tiny"],
      subdirectories: ["tiny", "Tiny/raw"],
      decode: (contents) => decodeIdxDataset("tiny", contents, fileNames, ["cat", "dog"]),
    },
  ],
  debian,
};

/** A machine with nothing: no network, no apt, an empty cache in a new directory. */
export interface TestMachine extends SourceEnvironment {
  readonly root: string;
}

/** @param changes what this test's machine has */
export async function emptyMachine(
  t: TestContext,
  changes: Partial<SourceEnvironment> = {},
): Promise<TestMachine> {
  const root = await mkdtemp(join(tmpdir(), "resnet-ts-test-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  return {
    root,
    fetch: () => Promise.reject(new TypeError("fetch failed", { cause: new Error("no network") })),
    runCommand: (command) =>
      Promise.reject(new DataError("ERR_DATA_SOURCE", `${command} is not installed`)),
    isRoot: false,
    cacheDir: join(root, "cache"),
    fileSystemRoot: root,
    tempDir: root,
    stallTimeoutMs: 50,
    ...changes,
  };
}

/** A web server's answer: the published file named by `address`, whole or from a range on. */
export function serve(address: string, init: RequestInit): Response {
  const name = address.split("/").at(-1)?.replace(/\.gz$/, "") ?? "";
  const bytes = compressed.get(name);
  if (!bytes) return new Response("", { status: 404, statusText: "Not Found" });
  const start = rangeStart(init);
  if (start === null) return answer(bytes, 200, {});
  if (start >= bytes.length) return new Response("", { status: 416 });
  const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
  return answer(bytes.subarray(start), 206, { "content-range": range });
}

/** The first byte that a request asks for, or null if it asks for the whole file. */
export function rangeStart(init: RequestInit): number | null {
  const range = new Headers(init.headers).get("range");
  return range === null ? null : Number(/^bytes=(\d+)-$/.exec(range)?.[1]);
}

const answer = (bytes: Uint8Array, status: number, headers: Record<string, string>): Response =>
  new Response(Uint8Array.from(bytes), {
    status,
    headers: { "content-length": String(bytes.length), ...headers },
  });
