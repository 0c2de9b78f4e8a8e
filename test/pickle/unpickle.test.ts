import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { NumpyArray, numpyGlobals } from "../../src/pickle/numpy.js";
import { PickleDict, asText } from "../../src/pickle/pickle-dict.js";
import { PickleError } from "../../src/pickle/pickle-error.js";
import { unpickle } from "../../src/pickle/unpickle.js";
import { packageRoot } from "../helpers/fixtures.js";
import { randomKey, uniform } from "../../src/tensor/random.js";

const encoded = JSON.parse(
  readFileSync(path.join(packageRoot, "test/fixtures/pickles.json"), "utf8"),
) as Readonly<Record<string, Readonly<Record<string, string>>>>;

const fixture = (group: string, name: string): Uint8Array =>
  new Uint8Array(Buffer.from(encoded[group]![name]!, "base64"));

/** Latin-1, as protocol 0 is written. */
const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));

const read = (bytes: Uint8Array): unknown =>
  plain(unpickle(bytes, { globals: numpyGlobals }).value);

/** With Maps for dicts. The same value stays the same. */
function plain(value: unknown, seen = new Map<unknown, unknown>()): unknown {
  if (seen.has(value)) return seen.get(value);
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    seen.set(value, list);
    list.push(...(value as unknown[]).map((each) => plain(each, seen)));
    return list;
  }
  if (!(value instanceof PickleDict)) return value;
  const dict = new Map<unknown, unknown>();
  seen.set(value, dict);
  for (const [key, each] of value) dict.set(key, plain(each, seen));
  return dict;
}

const refuses = (bytes: Uint8Array, code: string, message: RegExp | string): void => {
  assert.throws(() => read(bytes), { name: "PickleError", code, message });
};

const protocols = ["0", "1", "2", "3", "4", "5"];

describe("unpickle", () => {
  for (const protocol of protocols) {
    test(`reads dicts, lists, tuples, numbers, strings and bytes of protocol ${protocol}`, () => {
      const value = read(fixture("plain", protocol)) as Map<unknown, unknown>;
      assert.deepEqual(
        [...value.keys()],
        ["none", "truth", "integers", "floats", "text", "bytes", "tuples", 7, "shared"],
      );
      assert.equal(value.get("none"), null);
      assert.deepEqual(value.get("truth"), [true, false]);
      const small = [0, 255, 256, 65535, 65536, -1, -(2 ** 31), 2 ** 31, 2 ** 53 - 1];
      const large = [2n ** 53n, -(2n ** 63n), 2n ** 64n, 10n ** 30n];
      assert.deepEqual(value.get("integers"), [...small, ...large]);
      assert.deepEqual(value.get("floats"), [
        0.5,
        -0,
        1e300,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
      ]);
      assert.deepEqual(value.get("text"), [
        "",
        "plain",
        "größer",
        "snow \u2603, face \u{1f600}",
        "line\nbreak \\ 'quotes\"",
        "long ".repeat(60),
      ]);
      assert.deepEqual(value.get("tuples"), [[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4]]);
      assert.equal(value.get("shared"), value.get("tuples"));
      assert.deepEqual(value.get(7), new Map([["nested", new Map([["deep", []]])]]));
      const bytes = (value.get("bytes") as Uint8Array[]).map((each) => [...each]);
      const all = Array.from({ length: 256 }, (_, i) => i);
      assert.deepEqual(bytes, [[], [0, 255, 10], all, new Array(300).fill(0)]);
    });

    test(`reads NumPy's arrays and numbers of protocol ${protocol}`, () => {
      const value = read(fixture("arrays", protocol)) as Map<string, NumpyArray>;
      for (const [name, array] of value) {
        if (!(array instanceof NumpyArray) || name === "b1") continue;
        assert.deepEqual([name, array.shape], [name, [2, 3]]);
        assert.deepEqual(Array.from(array.data, Number), [0, 1, 2, 3, 4, 5], name);
        assert.equal(array.dtype, name.replace(/[<>]/, ""));
      }
      assert.equal(value.get("scalar"), 91.73);
      assert.equal(value.get("whole"), 5n);
      assert.deepEqual([...value.get("b1")!.data], [1, 0]);
    });
  }

  test("reads what Python 2 wrote: strings as bytes, text as a dict's keys", () => {
    const batch = read(fixture("python2", "batch")) as Map<string, unknown>;
    assert.deepEqual([...batch.keys()], ["batch_label", "labels", "data", "filenames"]);
    assert.equal(
      asText(batch.get("batch_label"), () => {}),
      "testing batch 1 of 1",
    );
    assert.deepEqual(batch.get("labels"), [3, 8]);
    const { shape, dtype, data } = batch.get("data") as NumpyArray;
    assert.deepEqual([shape, dtype], [[2, 300], "u1"]);
    assert.deepEqual(
      [...data],
      Array.from({ length: 600 }, (_, i) => i % 256),
    );
    assert.deepEqual(
      read(fixture("python2", "text")),
      new Map<string, unknown>([
        ["a\n'bA\\", true],
        ["c", 42],
        ["d", -1500],
      ]),
    );
  });

  test("says where the value ends, and where in the file an error is", () => {
    const two = ascii("I1\n.I2\n.");
    const first = unpickle(two);
    assert.deepEqual(first, { value: 1, end: 4 });
    assert.deepEqual(unpickle(two.subarray(first.end)), { value: 2, end: 4 });
    assert.throws(() => unpickle(ascii("I1\nR."), { origin: 100 }), {
      message: /^pickle: byte 104: /,
    });
  });

  test("bytes are views of the file", () => {
    const bytes = ascii("C\x03abc.");
    assert.equal((read(bytes) as Uint8Array).buffer, bytes.buffer);
  });

  test("hands identities of stored objects to the caller", () => {
    const persistentLoad = (identity: unknown) => `object ${String(identity)}`;
    assert.equal(unpickle(ascii("P7\n."), { persistentLoad }).value, "object 7");
    assert.equal(unpickle(ascii("K\x07Q."), { persistentLoad }).value, "object 7");
    refuses(ascii("P7\n."), "ERR_PICKLE_FORMAT", /refers to an object outside the pickle/);
  });
});

describe("unpickle refuses", () => {
  for (const group of ["hostile", "hostile4"]) {
    for (const name of ["os.system", "builtins.eval", "os.open"]) {
      test(`${name} by name, in ${group}`, () => {
        const found = name
          .replace("os.", "posix.")
          .replace("builtins.", "(?:__builtin__|builtins).");
        refuses(
          fixture(group, name),
          "ERR_PICKLE_CLASS",
          new RegExp(`^pickle: byte \\d+: it holds ${found}, which is refused: only data is read`),
        );
      });
    }
  }

  test("classes of Python 1's instances, and names that would break the line", () => {
    refuses(ascii("(S'x'\nios\nsystem\n."), "ERR_PICKLE_CLASS", /it holds os\.system,/);
    refuses(ascii("c\x1b[31mred\nname\n."), "ERR_PICKLE_CLASS", /it holds \?\[31mred\.name,/);
  });

  test("no change of an array's shape once it is made", () => {
    const dtype = "cnumpy\ndtype\n(Vu1\ntR";
    // A list of one size is stored, shapes an array, and then gets another size.
    const array = `cnumpy.core.numeric\n_frombuffer\n(\x96\x02\0\0\0\0\0\0\0ab${dtype}](K\x02eq\x07VC\ntR`;
    const made = read(ascii(`(${array}h\x07K\x05at.`)) as readonly [NumpyArray, unknown];
    assert.deepEqual([made[0].shape, made[1]], [[2], [2, 5]]);
  });

  test("every truncation, with a code", () => {
    for (const file of [
      fixture("plain", "2"),
      fixture("arrays", "4"),
      fixture("python2", "batch"),
    ]) {
      for (let length = 0; length < file.length; length++) {
        refuses(file.subarray(0, length), "ERR_PICKLE_TRUNCATED", /^pickle: byte \d+: /);
      }
    }
  });

  const damaged: Readonly<Record<string, readonly [string, string]>> = {
    "an unknown operation": ["\xff.", "pickle: byte 0: 0xff is not an operation that is read here"],
    "a newer protocol": ["\x80\x06.", "pickle: byte 2: protocol 6 is newer than 5"],
    "a negative length": ["T\xff\xff\xff\xff.", "pickle: byte 5: the next value takes -1 bytes"],
    "an operation without operand": [
      "R.",
      "pickle: byte 1: the stack has no operand for this operation",
    ],
    "an operand below the mark": [
      "]K\x01(a.",
      "pickle: byte 5: the stack has no operand for this operation",
    ],
    "no mark": ["t.", "pickle: byte 1: the stack has no mark for this operation"],
    "a value that was never stored": ["h\x05.", "pickle: byte 2: GET: nothing is stored under 5"],
    "an entry of a list": ["]K\x01K\x02s.", "pickle: byte 6: SETITEMS: the target is not a dict"],
    "a value appended to a dict": ["}K\x01a.", "pickle: byte 4: APPENDS: the target is not a list"],
    "a key without value": ["}(K\x01u.", "pickle: byte 5: SETITEMS: the last key has no value"],
    "a call of data": ["K\x01)R.", "pickle: byte 4: REDUCE: the callee is not an allowed class"],
    "a state for a number": ["K\x01}b.", "pickle: byte 4: BUILD: the target takes no state"],
    "a whole number of letters": [
      "Iseven\n.",
      "pickle: byte 7: INT: the text is not a whole number",
    ],
    "a number of letters": ["F1e1x\n.", "pickle: byte 6: FLOAT: the text is not a number"],
    "a string without quotes": ["Sabc\n.", "pickle: byte 5: STRING: the text is not in quotes"],
    "a name that is no text": [
      `]${"2\x86".repeat(40)}\x8c\x01a\x93.`, // as text, a trillion commas
      "pickle: byte 85: STACK_GLOBAL: module and name must be text",
    ],
    "a name that is not called": [
      "cnumpy\nndarray\n)R.",
      "pickle: byte 17: REDUCE: numpy.ndarray cannot be called",
    ],
    "an array of objects": [
      "cnumpy\ndtype\n(S'O8'\ntR.",
      "pickle: byte 22: numpy.dtype: the dtype O8 is not one of b1, u1, i1, u2, i2, u4, i4, u8, i8, f4, f8",
    ],
  };
  for (const [name, [text, message]] of Object.entries(damaged)) {
    test(name, () => refuses(ascii(text), "ERR_PICKLE_FORMAT", message));
  }

  const truncated: Readonly<Record<string, readonly [string, string]>> = {
    "a length of 2^63": [
      "\x8e\0\0\0\0\0\0\0\x80.",
      "pickle: byte 9: the next value takes 9223372036854776000 bytes but the file has 1 more",
    ],
    "a frame longer than the file": [
      "\x95\x10\0\0\0\0\0\0\0.",
      "pickle: byte 9: the next value takes 16 bytes but the file has 1 more",
    ],
  };
  for (const [name, [text, message]] of Object.entries(truncated)) {
    test(name, () => refuses(ascii(text), "ERR_PICKLE_TRUNCATED", message));
  }

  test("long numbers and names", () => {
    refuses(ascii(`I${"1".repeat(5000)}\n.`), "ERR_PICKLE_LIMIT", /more than 4096 characters/);
    refuses(
      ascii("\x8b\0\0\0\x40."),
      "ERR_PICKLE_LIMIT",
      /takes 1073741824 bytes; the limit is 256/,
    );
  });

  // 3 MB that would become gigabytes: maps, a deep tuple, copies of one text.
  const bombs: Readonly<Record<string, () => Uint8Array>> = {
    "a million dicts": () => ascii(`(${"}".repeat(3e6)}t.`),
    "tuples three million deep": () => ascii(`)${"\x85".repeat(3e6)}.`),
    marks: () => ascii("(".repeat(3e6)),
    "a text encoded again and again": () => {
      const encode = `c_codecs\nencode\np1\n0V${"x".repeat(1e6)}\np2\n0V${"latin1"}\np3\n0(`;
      return ascii(`${encode}${"g1\n(g2\ng3\ntR".repeat(1000)}t.`);
    },
  };
  for (const [name, make] of Object.entries(bombs)) {
    test(`too much memory: ${name}`, () => {
      refuses(
        make(),
        "ERR_PICKLE_LIMIT",
        /its values take more than \d+ bytes of memory and work$/,
      );
    });
  }

  test("nothing but with a PickleError, whatever byte is changed", () => {
    const key = randomKey(20, "damaged pickles");
    const originals = [fixture("plain", "2"), fixture("arrays", "2"), fixture("arrays", "5")];
    originals.push(fixture("plain", "0"), fixture("python2", "batch"));
    let refused = 0;
    for (let i = 0; i < 1500; i++) {
      const bytes = originals[i % originals.length]!.slice();
      for (let j = 0; j < 1 + (i % 3); j++) {
        const at = Math.floor(uniform(key, 10 * i + 2 * j) * bytes.length);
        bytes[at] = Math.floor(uniform(key, 10 * i + 2 * j + 1) * 256);
      }
      try {
        read(bytes);
      } catch (error) {
        assert.ok(error instanceof PickleError, String((error as Error).stack));
        refused++;
      }
    }
    assert.ok(refused > 500 && refused < 1500, `${refused} of 1500 refused`);
  });
});
