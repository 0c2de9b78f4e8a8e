// Python objects in files of weights: harmless ones do not stop an import, and none makes it slow.
import assert from "node:assert/strict";
import path from "node:path";
import { describe, test } from "node:test";
import { findStateDict } from "../../src/interop/torch/state-dict.js";
import { storageLoader, torchGlobals } from "../../src/interop/torch/torch-globals.js";
import { TorchTensor } from "../../src/interop/torch/torch-tensor.js";
import { readWeights } from "../../src/node/interop/read-weights.js";
import { Budget } from "../../src/pickle/pickle-reader.js";
import { numpyGlobals } from "../../src/pickle/numpy.js";
import { PickleDict } from "../../src/pickle/pickle-dict.js";
import { PickleError } from "../../src/pickle/pickle-error.js";
import type { PickleGlobals } from "../../src/pickle/pickle-globals.js";
import { unpickle } from "../../src/pickle/unpickle.js";
import { countWork } from "../helpers/count-work.js";
import { packageRoot } from "../helpers/fixtures.js";

const fixture = (name: string): string => path.join(packageRoot, "test/fixtures/torch", name);

/** The weights that every fixture has under "state_dict", and the notices of reading it. */
async function readFixture(name: string): Promise<readonly string[]> {
  const notices: string[] = [];
  const weights = await readWeights(fixture(name), { onNotice: (text) => notices.push(text) });
  const values = [...weights].map(([key, { data }]) => [key, ...data]);
  assert.deepEqual(values, [
    ["weight", 1, -2.5],
    ["bias", 0.5, 4],
  ]);
  return notices;
}

describe("importing a checkpoint with Python objects", () => {
  test("reads what torch.load(weights_only=True) reads, and names the tensors that it cannot use", async () => {
    // Without a notice: Counter of MultiStepLR, device, dtype, set, complex, bytearray, tensor with an attribute.
    assert.deepEqual(await readFixture("allowed.pth"), [
      `${fixture("allowed.pth")}: it also holds objects of torch.ComplexFloatStorage, torch._utils._rebuild_sparse_tensor, ` +
        "which are not understood: they were skipped, and none of their code was run",
    ]);
  });

  const classes =
    "argparse.Namespace, __main__.Settings, __main__.Names, __main__.Options, pathlib.PurePosixPath, functools.partial, " +
    "datetime.datetime, collections.deque";
  for (const name of ["foreign.pth", "foreign4.pth", "foreign-legacy.pth"]) {
    test(`skips objects of other classes, and names these: ${name}`, async () => {
      assert.deepEqual(await readFixture(name), [
        `${fixture(name)}: it also holds objects of ${classes}, which are not understood: they were skipped, and ` +
          "none of their code was run",
      ]);
    });
  }

  for (const name of ["model.pth", "model-legacy.pth"]) {
    test(`says how to save the weights of a whole model: ${name}`, async () => {
      await assert.rejects(readWeights(fixture(name)), {
        code: "ERR_TORCH_FILE",
        message:
          `${fixture(name)}: it holds an object of torch.nn.modules.batchnorm.BatchNorm2d instead of weights, and its code is not run: ` +
          'save the weights in Python, torch.save(model.state_dict(), "weights.pth")',
      });
    });
  }

  test("calls nothing that the file names, such as os.system", () => {
    const skipped = new Set<string>();
    const bytes = ascii("cos\nsystem\n(Vtouch hacked\ntR.");
    const { value } = unpickle(bytes, { globals: torchGlobals, skipped });
    assert.deepEqual([...skipped], ["os.system"]);
    assert.deepEqual(Object.entries(value as object), [["name", "os.system"]]);
  });

  test("takes every operation that writes an object: sets, keywords, old instances, items and entries", () => {
    const objects: Readonly<Record<string, string>> = {
      "EMPTY_SET and ADDITEMS": "\x8f(K\x01K\x02\x90",
      FROZENSET: "(K\x01K\x02\x91",
      NEWOBJ_EX: "ca\nB\n)}Vkey\nK\x01s\x92",
      OBJ: "(ca\nB\nK\x01o",
      INST: "(K\x01ia\nB\n",
      "APPENDS and SETITEMS": "ca\nB\n)\x81(K\x01K\x02e(K\x01K\x02u}b",
      "a method of an object": "c__builtin__\ngetattr\n(ca\nB\nVname\ntR)R",
    };
    for (const [name, text] of Object.entries(objects)) {
      const bytes = ascii(`(${text}K\x07t.`);
      const { value } = unpickle(bytes, { globals: torchGlobals, skipped: new Set() });
      assert.equal((value as unknown[])[1], 7, name);
    }
  });
});

/** Text in Latin-1, as protocol 0 is written. */
const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));

/** A number as LONG1 of so many bytes. */
const long = (value: bigint, length: number): string => {
  const bytes = Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
  return `\x8a${String.fromCharCode(length, ...bytes)}`;
};

/** A text of `length` bytes, as a string of Python 2. */
const bytesOf = (length: number): string => {
  const size = [0, 8, 16, 24].map((shift) => (length >> shift) & 0xff);
  return `T${String.fromCharCode(...size)}${"x".repeat(length)}`;
};

const repeated = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join("");

const size = 20_000;
const uses = 2000;
const dtype = "cnumpy\ndtype\n(Vu1\ntR";

/** Files of some ten thousand bytes that ask for millions of bytes of work. */
const attacks: Readonly<Record<string, string>> = {
  // The three that were found.
  "integers beyond 64 bits, as keys that collide": `}(${repeated(uses, (i) => `${long((BigInt(i) << 64n) + 1n, 12)}N`)}u.`,
  "a long string decoded as the key of each storage": `${bytesOf(size)}p1\n0(${repeated(uses, () => "(Vstorage\nctorch\nFloatStorage\ng1\nVcpu\nK\x01tQ")}t.`,
  "a long string decoded for each dtype's state": `${bytesOf(size)}p1\n0${dtype}${repeated(uses, () => "(K\x03g1\ntb")}.`,
  // Their relatives.
  "integers of 53 bits, as keys that collide": `}(${repeated(uses, (i) => `${long(BigInt(i) << 32n, 8)}N`)}u.`,
  "text of digits, as keys that collide": `}(${repeated(uses, (i) => `V${4_000_000_000 - (i << 16)}\nN`)}u.`,
  "indices of the memo that collide": `N${repeated(uses, (i) => `p${i << 18}\n`)}.`,
  "a long text as a key, again and again": `V${"x".repeat(size)}\np1\n0}(${repeated(uses, () => "g1\nN")}u.`,
  "a long name of a class, again and again": `V${"x".repeat(size)}\np1\n0(${repeated(uses, () => "g1\ng1\n\x93")}t.`,
  "a long name of a dtype, again and again": `${bytesOf(size)}p1\n0(${repeated(uses, () => "cnumpy\ndtype\ng1\n\x85R0")}t.`,
  "an array with many axes, put in order again and again": `${bytesOf(1000)}p1\n0(${repeated(60, () => "K\x01")}M\xe8\x03tp2\n0${dtype}p3\n0(${repeated(uses, () => "cnumpy.core.multiarray\n_reconstruct\n)R(K\x01g2\ng3\n\x88g1\ntb0")}t.`,
  "one list made a dict again and again": `](${repeated(size, () => "K\x01K\x02\x86")}ep1\n0(${repeated(uses, () => "ccollections\nOrderedDict\ng1\n\x85R0")}t.`,
  "one dict counted again and again": `}(${repeated(size / 10, (i) => `M${String.fromCharCode(i & 255, i >> 8)}N`)}up1\n0(${repeated(uses, () => "ccollections\nCounter\ng1\n\x85R0")}t.`,
  "escapes of a string": `(${repeated(uses, () => `S'${"\\x41".repeat(10)}'\n`)}t.`,
  "long whole numbers": `(${repeated(uses, () => `L${"9".repeat(600)}L\n`)}t.`,
};

const all: PickleGlobals = new Map([...torchGlobals, ...numpyGlobals]);

describe("the size of a pickle bounds the work of reading it:", () => {
  for (const [name, text] of Object.entries(attacks)) {
    test(name, async () => {
      const bytes = ascii(text);
      const budget = new Budget(1e6); // far less than a file may cost, so that the test is quick
      const persistentLoad = storageLoader(new Map());
      const options = { globals: all, skipped: new Set<string>(), persistentLoad, budget };
      let ending = "a value";
      const { blocks, builtins } = await countWork(["/src/pickle/", "/src/interop/"], () => {
        try {
          unpickle(bytes, options);
        } catch (error) {
          assert.ok(error instanceof PickleError, String((error as Error).stack));
          ending = error.code;
        }
      });
      // Nothing is done that is not charged: the budget counts at least half of what the code did.
      const work = blocks + builtins;
      assert.ok(
        work < 2 * budget.spent + 10_000,
        `${work} of work for ${budget.spent} charged; it ended with ${ending}`,
      );
      assert.ok(budget.spent < 2 * budget.limit, `${budget.spent} charged at once`);
    });
  }

  test("numbers that are equal are one key, as in Python, and every key is found again", () => {
    const text = `}(K\x01N${long(1n, 12)}I5\n\x88I6\n${long(2n ** 70n, 12)}I7\nV1\nI8\nV#1\nI9\nu.`;
    const dict = unpickle(ascii(text)).value as PickleDict;
    assert.deepEqual(
      [...dict],
      [
        [1, 6],
        [2n ** 70n, 7],
        ["1", 8],
        ["#1", 9],
      ],
    );
    assert.deepEqual(
      [dict.get(1), dict.get(2n ** 70n), dict.get("1"), dict.get("#1")],
      [6, 7, 8, 9],
    );
    assert.deepEqual([dict.has(2), dict.size], [false, 4]);
  });
});

describe("the size of a file bounds the search for its weights:", () => {
  const tensor = TorchTensor.of({ key: "0", type: "F32", start: 0, length: 1 }, 0, [1], [1]);
  const free = (): void => {};
  const dictOf = (entries: Iterable<readonly [string, unknown]>): PickleDict => {
    const dict = new PickleDict();
    for (const [key, value] of entries) dict.set(key, value, free);
    return dict;
  };
  const numbered = (count: number, value: (i: number) => unknown): PickleDict =>
    dictOf(Array.from({ length: count }, (_, i) => [`w${i}`, value(i)] as const));

  test("a long key that is part of many paths is not followed", () => {
    const inner = numbered(100, () => dictOf([["weight", tensor]]));
    const saved = dictOf([
      ["x".repeat(300), inner],
      ["state_dict", dictOf([["fc.weight", tensor]])],
    ]);
    assert.deepEqual([...findStateDict(saved, "file").tensors.keys()], ["fc.weight"]);
    assert.deepEqual(findStateDict(saved, "file").others, []);
  });

  const message = "file: it has more than 16384 tensors, or more than 1024 dicts of tensors";
  test("tensors and dicts without number are refused", () => {
    const tensors = numbered(16_385, () => tensor);
    assert.throws(() => findStateDict(tensors, "file"), { code: "ERR_TORCH_LIMIT", message });
    const dicts = numbered(1025, () => dictOf([["weight", tensor]]));
    assert.throws(() => findStateDict(dicts, "file"), { code: "ERR_TORCH_LIMIT", message });
    assert.equal(
      findStateDict(
        numbered(16_384, () => tensor),
        "file",
      ).tensors.size,
      16_384,
    );
  });
});
