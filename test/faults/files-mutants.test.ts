// Deep mutants of PyTorch files: the container is whole and its checks pass, the pickles inside are changed operation by operation.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { unzipSync } from "fflate";
import { bytesSource } from "../../src/interop/byte-source.js";
import { readTorch } from "../../src/interop/torch/read-torch.js";
import { Budget } from "../../src/pickle/pickle-reader.js";
import { unpickle } from "../../src/pickle/unpickle.js";
import { ResnetError } from "../../src/tensor/error.js";
import { randomKey } from "../../src/tensor/random.js";
import { locateInTar } from "../../src/tar/locate-tar.js";
import { tarHeader, zipOf } from "../data/tiny-archive.js";
import { countWork } from "../helpers/count-work.js";
import { packageRoot } from "../helpers/fixtures.js";
import { operationsOf, pickleMutant } from "../helpers/pickle-mutants.js";

const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(path.join(packageRoot, "test/fixtures/torch", name)));

/** A pickle of a file, and the whole file again with another one in its place. */
interface Carrier {
  readonly pickle: Uint8Array;
  readonly file: (pickle: Uint8Array) => Uint8Array;
}

function inZip(name: string): Carrier {
  const entries = new Map(Object.entries(unzipSync(fixture(name))));
  const [key, pickle] = [...entries].find(([entry]) => entry.endsWith("/data.pkl"))!;
  return {
    pickle,
    file: (mutant) => zipOf(new Map<string, Uint8Array>([...entries, [key, mutant]])),
  };
}

/** The fourth pickle of an older file, behind a magic number, the protocol and sizes. */
function inLegacy(name: string): Carrier {
  const bytes = fixture(name);
  const persistentLoad = (): null => null;
  const ends = [0];
  for (let i = 0; i < 4; i++) {
    const rest = bytes.subarray(ends.at(-1));
    ends.push(ends.at(-1)! + unpickle(rest, { persistentLoad, skipped: new Set() }).end);
  }
  const [start, end] = ends.slice(3) as [number, number];
  return {
    pickle: bytes.slice(start, end),
    file: (mutant) => Buffer.concat([bytes.subarray(0, start), mutant, bytes.subarray(end)]),
  };
}

async function inTar(name: string): Promise<Carrier> {
  const bytes = fixture(name);
  const names = ["storages", "tensors", "pickle"];
  const read = async (start: number, length: number): Promise<Uint8Array> =>
    bytes.subarray(start, start + length);
  const places = await locateInTar(bytes.length, read, new Set(names), 16);
  const [storages, tensors, pickle] = names.map((member) => {
    const { start, bytes: length } = places.get(member)!;
    return bytes.slice(start, start + length);
  });
  const member = (entry: string, data: Uint8Array): Buffer[] => [
    tarHeader(entry, data.length, "0"),
    Buffer.from(data),
    Buffer.alloc(-data.length & 511),
  ];
  const [first, second] = [member("storages", storages!), member("tensors", tensors!)];
  const file = (mutant: Uint8Array): Uint8Array =>
    Buffer.concat([...first, ...second, ...member("pickle", mutant), Buffer.alloc(1024)]);
  return { pickle: pickle!, file };
}

const carriers: Readonly<Record<string, () => Carrier | Promise<Carrier>>> = {
  "zip archives": () => inZip("tensors.pth"),
  "zip archives with objects": () => inZip("foreign.pth"),
  "older files": () => inLegacy("tensors-legacy.pth"),
  "older files of a training": () => inLegacy("training-legacy.pth"),
  "tar archives": () => inTar("tensors-tar.pth"),
};

describe("every mutant gives tensors no larger than twice the file, or an error with a code, for work that it pays for:", () => {
  for (const [name, make] of Object.entries(carriers)) {
    test(name, async () => {
      const { pickle, file } = await make();
      assert.ok((await readTorch(bytesSource(file(pickle), "file"))).size > 0);
      const operations = operationsOf(pickle);
      assert.equal(operations.join(""), Buffer.from(pickle).toString("latin1"));
      const key = randomKey(16, "deep mutants", name);
      const count = 250;
      let refused = 0;
      for (let i = 0; i < count; i++) {
        const bytes = file(pickleMutant(operations, key, i));
        const budget = new Budget(1e6);
        const { blocks, builtins } = await countWork(
          ["/src/pickle/", "/src/interop/", "/src/tar/"],
          async () => {
            try {
              const arrays = [
                ...(await readTorch(bytesSource(bytes, "file"), { budget })).values(),
              ];
              const taken = arrays.reduce((sum, { data }) => sum + data.byteLength, 0);
              assert.ok(taken <= 2 * bytes.length, `${taken} bytes of a file of ${bytes.length}`);
            } catch (error) {
              assert.ok(error instanceof ResnetError, String((error as Error).stack));
              assert.match(error.message, /^[^\p{Cc}]{1,2000}$/u);
              refused++;
            }
          },
        );
        const work = blocks + builtins;
        // Beside the pickles: the container, and every byte of the tensors.
        assert.ok(
          work <= 2 * budget.spent + 4 * bytes.length + 10_000,
          `mutant ${i}: ${work} of work in a file of ${bytes.length} bytes, ${budget.spent} charged`,
        );
      }
      assert.ok(refused > count / 10 && refused < count, `${refused} of ${count} refused`);
    });
  }
});
