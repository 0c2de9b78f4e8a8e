// Files that were made to do harm, or damaged: each ends with an error that has a code, at once and in little memory.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { type ByteSource, bytesSource } from "../../src/interop/byte-source.js";
import { readSafetensors } from "../../src/interop/read-safetensors.js";
import type { StoredArray } from "../../src/interop/stored-array.js";
import { readTorch } from "../../src/interop/torch/read-torch.js";
import { PickleWriter } from "../../src/pickle/pickle-writer.js";
import { ResnetError } from "../../src/tensor/error.js";
import { randomKey, uniform } from "../../src/tensor/random.js";
import { packageRoot } from "../helpers/fixtures.js";
import { archive, tensorPickle, viewsPickle, type View } from "../helpers/torch-file.js";

const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(path.join(packageRoot, "test/fixtures/torch", name)));

type Tensors = ReadonlyMap<string, StoredArray>;

const torch = (bytes: Uint8Array): Promise<Tensors> => readTorch(bytesSource(bytes, "file"));
const safetensors = async (bytes: Uint8Array): Promise<Tensors> =>
  readSafetensors(bytes, "file").tensors;

const refuses = (bytes: Uint8Array, code: string, message: RegExp): Promise<void> =>
  assert.rejects(torch(bytes), { code, message });

const fourFloats = new Uint8Array(16);

describe("a PyTorch file is refused", () => {
  test("where it is cut, at any byte", async () => {
    for (const name of ["training.pth", "tensors-legacy.pth"]) {
      const whole = fixture(name);
      assert.ok((await torch(whole)).size > 0);
      for (let length = 0; length < whole.length; length++) {
        await assert.rejects(torch(whole.subarray(0, length)), (error) => {
          assert.ok(error instanceof ResnetError, `${name}, ${length} bytes: ${String(error)}`);
          return true;
        });
      }
    }
  });

  test("where it calls a function", async () => {
    const pickle = new PickleWriter().global("os", "system").op("(").text("touch x").op("t");
    const code = archive(pickle.op("R").end(), fourFloats);
    const message = /it holds an object of os\.system instead of weights, and its code is not run/;
    await refuses(code, "ERR_TORCH_FILE", message);
  });

  test("where it is compressed: a megabyte that would become a gigabyte", async () => {
    const small = archive(tensorPickle({ elements: 4 }, 0, [4], [1]), fourFloats);
    assert.deepEqual([...(await torch(small)).get("x")!.data], [0, 0, 0, 0]);
    const bomb = archive(
      tensorPickle({ elements: 2 ** 22 }, 0, [2 ** 22], [1]),
      new Uint8Array(2 ** 24),
      9,
    );
    assert.ok(bomb.length < 2 ** 16);
    await refuses(bomb, "ERR_TORCH_FILE", /a\/data\.pkl is compressed, which PyTorch never does/);
  });

  const sizes: Readonly<Record<string, readonly [Uint8Array, string, RegExp]>> = {
    "a storage that is larger than its entry": [
      tensorPickle({ elements: 2 ** 45 }, 0, [4], [1]),
      "ERR_TORCH_FILE",
      /a\/data\/0 has 16 bytes but takes 140737488355328 \(35184372088832 F32\)$/,
    ],
    "a tensor that shows one element again and again": [
      tensorPickle({ elements: 4 }, 0, [2 ** 40], [0]),
      "ERR_TORCH_LIMIT",
      /show the same numbers too often: they take 4398046511104 bytes of a file of \d+$/,
    ],
    "a tensor that ends outside of its storage": [
      tensorPickle({ elements: 4 }, 1, [2, 2], [2, 1]),
      "ERR_PICKLE_FORMAT",
      /it ends at element 5 of a storage that has 4$/,
    ],
    "a shape of numbers beyond every memory": [
      tensorPickle({ elements: 4 }, 0, [2 ** 52, 2 ** 52], [1, 1]),
      "ERR_PICKLE_FORMAT",
      /it ends at element 9007199254740991 of a storage that has 4$/,
    ],
    "a storage that is not there": [
      tensorPickle({ key: "../1", elements: 4 }, 0, [4], [1]),
      "ERR_TORCH_FILE",
      /a\/data\/\.\.\/1 is not in the zip archive$/,
    ],
  };
  for (const [name, [pickle, code, message]] of Object.entries(sizes)) {
    test(`for ${name}`, () => refuses(archive(pickle, fourFloats), code, message));
  }

  test("for storages that share bytes", async () => {
    const bytes = fixture("training.pth").slice();
    const view = new DataView(bytes.buffer);
    const directory = (name: string): number => Buffer.from(bytes).lastIndexOf(name) - 46;
    const [first, second] = [directory("training/data/0"), directory("training/data/1")];
    view.setUint32(second + 42, view.getUint32(first + 42, true), true); // offset of the local header
    await refuses(
      bytes,
      "ERR_TORCH_FILE",
      /training\/data\/\d and training\/data\/\d share bytes$/,
    );
  });

  test("for lengths of 2^63", async () => {
    const legacy = fixture("tensors-legacy.pth").slice();
    const dataStart = Buffer.from(legacy).lastIndexOf("e.") + 2; // behind the list of storages
    new DataView(legacy.buffer).setBigUint64(dataStart, 2n ** 63n, true);
    await refuses(
      legacy,
      "ERR_TORCH_FILE",
      /has -9223372036854775808 elements where the tensors say/,
    );
    const safe = fixture("tensors.safetensors").slice();
    new DataView(safe.buffer).setBigUint64(0, 2n ** 63n, true);
    assert.throws(() => readSafetensors(safe), { code: "ERR_SAFETENSORS_HEADER" });
  });

  test("for a header of empty objects, which would take thirty times its size", () => {
    const header = `{"a":[${"{},".repeat(2 ** 20)}{}]}`;
    const bytes = new Uint8Array(8 + header.length);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
    bytes.set(Buffer.from(header), 8);
    assert.throws(() => readSafetensors(bytes), {
      code: "ERR_SAFETENSORS_HEADER",
      message: /is said to take 3145738 bytes but at most 2097152 are allowed/,
    });
  });
});

describe("tensors that share a storage", () => {
  const elements = 64 * 64;
  const rows: View = [0, [64, 64], [64, 1]];
  const columns: View = [0, [64, 64], [1, 64]];
  const values = Float32Array.from({ length: elements }, (_, i) => i);
  const bytes = new Uint8Array(values.buffer);
  const file = (views: Readonly<Record<string, View>>, of = "FloatStorage"): Uint8Array =>
    archive(
      viewsPickle({ elements, of }, views),
      of === "FloatStorage" ? bytes : bytes.subarray(2 * elements),
    );

  test("are one array where they are one tensor, however often it is tied", async () => {
    const tied = await torch(file({ a: rows, b: rows, c: rows, d: rows }));
    assert.deepEqual([...tied.get("a")!.data], [...values]);
    for (const name of ["b", "c", "d"]) assert.equal(tied.get(name), tied.get("a"));
  });

  test("are read where other views make them twice the file, and refused beyond", async () => {
    const both = await torch(file({ a: rows, b: columns }));
    assert.equal(both.get("b")!.data[1], both.get("a")!.data[64]);
    const flat: View = [0, [elements], [1]];
    const more = file({ a: rows, b: columns, c: flat });
    await refuses(more, "ERR_TORCH_LIMIT", /they take \d+ bytes of a file of \d+$/);
  });

  test("count with what they become: half-precision numbers are twice the file", async () => {
    assert.equal((await torch(file({ a: rows }, "HalfStorage"))).get("a")!.data.length, elements);
    const both = file({ a: rows, b: columns }, "HalfStorage");
    await refuses(both, "ERR_TORCH_LIMIT", /they take \d+ bytes/);
  });
});

describe("a large tensor is read in pieces, never beside what it becomes,", () => {
  const [rows, columns] = [1030, 2036]; // a piece ends within a row
  const elements = rows * columns;
  const bits = Uint16Array.from({ length: elements }, (_, i) => 0x3f00 + (i % 251)); // bfloat16 near 1
  const orders: Readonly<Record<string, View>> = {
    "where its numbers become others": [0, [rows, columns], [columns, 1]],
    "and where they lie out of order": [0, [columns, rows], [1, columns]],
    "and where some are shown again": [0, [columns / 4, 2, rows], [1, 0, columns]],
  };
  for (const [name, view] of Object.entries(orders)) {
    test(name, async () => {
      const pickle = tensorPickle({ elements, of: "BFloat16Storage" }, ...view);
      const source = bytesSource(archive(pickle, new Uint8Array(bits.buffer)), "file");
      let most = 0;
      const watched: ByteSource = {
        ...source,
        read: (start, length) => ((most = Math.max(most, length)), source.read(start, length)),
      };
      const { shape, data } = (await readTorch(watched)).get("x")!;
      assert.deepEqual(shape, view[1]);
      const expected = new Float32Array(
        new Uint32Array(inOrder(bits, view)).map((each) => each << 16).buffer,
      );
      assert.ok(Buffer.from(data.buffer).equals(Buffer.from(expected.buffer)));
      assert.ok(most <= 2 ** 20, `${most} bytes at once`); // the archive's directory, and pieces of 2^19
    });
  }
});

/** The elements that a view shows of a storage, one after the other. */
function inOrder(storage: Uint16Array, [offset, shape, strides]: View): readonly number[] {
  const [size, ...sizes] = shape;
  const [stride, ...inner] = strides;
  if (size === undefined) return [storage[offset]!];
  return Array.from({ length: size }, (_, i) =>
    inOrder(storage, [offset + i * stride!, sizes, inner]),
  ).flat();
}

describe("damaged at random", () => {
  const files: Readonly<Record<string, (bytes: Uint8Array) => Promise<Tensors>>> = {
    "tensors.pth": torch,
    "training.pth": torch,
    "tensors-legacy.pth": torch,
    "tensors.safetensors": safetensors,
  };
  for (const [name, read] of Object.entries(files)) {
    test(`${name} gives tensors no larger than twice the file, or an error with a code`, async () => {
      const original = fixture(name);
      const key = randomKey(6, "damage", name);
      let refused = 0;
      for (let i = 0; i < 400; i++) {
        const bytes = original.slice();
        const draw = (j: number, below: number): number =>
          Math.floor(uniform(key, 16 * i + j) * below);
        for (let j = 0; j < 1 + (i % 4); j++)
          bytes[draw(2 * j, bytes.length)] = draw(2 * j + 1, 256);
        const start = process.cpuUsage().user;
        try {
          const arrays = [...(await read(bytes)).values()];
          const taken = arrays.reduce((sum, { data }) => sum + data.byteLength, 0);
          assert.ok(taken <= 2 * bytes.length, `${taken} bytes of a file of ${bytes.length}`);
        } catch (error) {
          assert.ok(error instanceof ResnetError, String((error as Error).stack));
          refused++;
        }
        assert.ok(process.cpuUsage().user - start < 1e6, `case ${i} took more than a second`);
      }
      assert.ok(refused > 20 && refused < 400, `${refused} of 400 refused`);
    });
  }
});

test("a large file with nothing in it is not read again and again", async () => {
  // 64 MB whose pickle asks for a text of 2^40 bytes: read in pieces that double, so less than twice.
  const bytes = new Uint8Array(2 ** 26);
  bytes.set(fixture("tensors-legacy.pth").subarray(0, 21)); // magic number and protocol
  bytes.set([0x8d, 0, 0, 0, 0, 0, 1, 0, 0], 21);
  let read = 0;
  const source = bytesSource(bytes, "file");
  const counting: ByteSource = {
    ...source,
    read: (start, length) => ((read += length), source.read(start, length)),
  };
  await assert.rejects(readTorch(counting), { code: "ERR_PICKLE_TRUNCATED" });
  assert.ok(read < 2 * bytes.length, `${read} bytes`);
});
