import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { InteropError } from "../../src/interop/interop-error.js";
import { readSafetensors } from "../../src/interop/read-safetensors.js";
import type { StoredArray } from "../../src/interop/stored-array.js";
import { writeSafetensors } from "../../src/interop/write-safetensors.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { randomKey, uniform } from "../../src/tensor/random.js";

const example = new Map<string, StoredArray>([
  ["layer1.0.conv1.weight", hostArray([2, 1, 1, 2], [1, -2, 0.5, 3e38])],
  ["fc.bias", hostArray([3], [Number.NaN, Number.POSITIVE_INFINITY, -0])],
  ["bn1.num_batches_tracked", { shape: [], dtype: "i64", data: BigInt64Array.of(-(2n ** 62n)) }],
  ["labels", hostArray([2], [-7, 2 ** 31 - 1], "i32")],
  ["pixels", hostArray([1, 3], [0, 128, 255], "u8")],
  ["empty", hostArray([0, 4], [])],
]);

/** A file of this header, as it is or as JSON, followed by `data`. */
function fileOf(header: unknown, data: readonly number[] = []): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const length = new Uint8Array(new BigUint64Array([BigInt(json.length)]).buffer);
  return Uint8Array.from([...length, ...json, ...data]);
}

const f32 = (shape: unknown, start: number, end: number) => ({
  dtype: "F32",
  shape,
  data_offsets: [start, end],
});

describe("writeSafetensors", () => {
  test("writes the bytes that the format's own library writes", async () => {
    // Copied from the tests of safetensors 0.4 (Rust): test_serialization and test_empty.
    const attention = new Map([["attn.0", hostArray([1, 2, 3], [0, 1, 2, 3, 4, 5])]]);
    const expected = fileOf(
      '{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}',
      [0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64, 0, 0, 128, 64, 0, 0, 160, 64],
    );
    assert.deepEqual(await writeSafetensors(attention), expected);
    assert.deepEqual(await writeSafetensors(new Map()), fileOf("{}      "));
    assert.deepEqual(
      await writeSafetensors(new Map(), { framework: "pt" }),
      fileOf('{"__metadata__":{"framework":"pt"}}     '),
    );
  });

  test("writes the same bytes whatever the order of tensors and metadata", async () => {
    const bytes = await writeSafetensors(example, { epoch: "3", classes: '["a","b"]' });
    const reversed = new Map([...example].reverse());
    assert.deepEqual(await writeSafetensors(reversed, { classes: '["a","b"]', epoch: "3" }), bytes);
  });

  test("puts every tensor where its type is aligned", async () => {
    const bytes = await writeSafetensors(example);
    const { tensors } = readSafetensors(bytes);
    for (const { data } of tensors.values()) {
      assert.equal(data.buffer, bytes.buffer); // a view: a copy would mean a misaligned tensor
    }
  });

  test("refuses the name that the format keeps for itself", async () => {
    await assert.rejects(writeSafetensors(new Map([["__metadata__", hostArray([1])]])), {
      name: "InteropError",
      code: "ERR_SAFETENSORS_WRITE",
      message:
        "safetensors cannot be written: a tensor is named __metadata__, which the format keeps for its own use",
    });
  });

  test("refuses a header that is too long to be read back", async () => {
    const most = { note: "x".repeat(2 ** 21 - 64) };
    assert.equal(readSafetensors(await writeSafetensors(new Map(), most)).metadata.size, 1);
    await assert.rejects(writeSafetensors(new Map(), { note: "x".repeat(2 ** 21) }), {
      code: "ERR_SAFETENSORS_WRITE",
      message:
        "safetensors cannot be written: the header takes 2097184 bytes, more than the 2097152 that are read back: there is too much text in it",
    });
  });

  test("names a tensor whose values do not fill its shape", async () => {
    const array = { shape: [2, 2], dtype: "f32", data: new Float32Array(3) } as const;
    await assert.rejects(writeSafetensors(new Map([["w", array]])), {
      code: "ERR_SAFETENSORS_WRITE",
      message: "safetensors cannot be written: w has 3 values but its shape [2, 2] takes 4",
    });
  });
});

describe("readSafetensors", () => {
  test("reads what was written, bit for bit", async () => {
    const metadata = { epoch: "3", größe: 'x"\\\n', __proto__x: "" };
    const { tensors, metadata: read } = readSafetensors(await writeSafetensors(example, metadata));
    assert.deepEqual(Object.fromEntries(read), metadata);
    assert.deepEqual([...tensors.keys()].sort(), [...example.keys()].sort());
    for (const [name, array] of example) assert.deepEqual(tensors.get(name), array);
  });

  test("keeps names that JavaScript objects treat specially", async () => {
    const names = ["__proto__", "constructor", "1", "0", "größe", 'a "quoted" \\ name', ""];
    const tensors = new Map(names.map((name, i) => [name, hostArray([1], [i])]));
    const read = readSafetensors(await writeSafetensors(tensors)).tensors;
    assert.equal(read.size, names.length);
    names.forEach((name, i) => assert.deepEqual([...read.get(name)!.data], [i]));
  });

  test("widens the small types", () => {
    // numpy: array([0, -2, 65504, 6e-8, inf, nan], float16).tobytes(), and so on
    const half = [0x00, 0x00, 0x00, 0xc0, 0xff, 0x7b, 0x01, 0x00, 0x00, 0x7c, 0x00, 0x7e];
    const brain = [0x80, 0x3f, 0x49, 0xc0, 0x80, 0xff, 0xc0, 0x7f]; // 1, -3.140625, -inf, nan
    const double = [...new Uint8Array(new Float64Array([0.1, -1e300]).buffer)];
    const header = {
      half: { dtype: "F16", shape: [6], data_offsets: [0, 12] },
      brain: { dtype: "BF16", shape: [4], data_offsets: [12, 20] },
      double: { dtype: "F64", shape: [2], data_offsets: [20, 36] },
      short: { dtype: "I16", shape: [1], data_offsets: [36, 38] },
      word: { dtype: "U16", shape: [1], data_offsets: [38, 40] },
      byte: { dtype: "I8", shape: [1], data_offsets: [40, 41] },
      flag: { dtype: "BOOL", shape: [2], data_offsets: [41, 43] },
    };
    const data = [...half, ...brain, ...double, 0xfe, 0xff, 0xfe, 0xff, 0xfe, 1, 0];
    const { tensors } = readSafetensors(fileOf(header, data));
    const values = (name: string) => [...tensors.get(name)!.data];
    const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
    assert.deepEqual(values("half"), [0, -2, 65504, 2 ** -24, infinity, nan]);
    assert.deepEqual(values("brain"), [1, -3.140625, -infinity, nan]);
    assert.deepEqual(values("double"), [Math.fround(0.1), -infinity]);
    assert.deepEqual(values("short"), [-2]);
    assert.deepEqual(values("word"), [65534]);
    assert.deepEqual(values("byte"), [-2]);
    assert.deepEqual(values("flag"), [1, 0]);
    const dtypes = [...tensors].map(([name, { dtype }]) => `${name} ${dtype}`).join(", ");
    assert.equal(dtypes, "half f32, brain f32, double f32, short i32, word i32, byte i8, flag u8");
  });

  test("reads misaligned tensors, at any offset in memory", () => {
    const floats = [...new Uint8Array(new Float32Array([1.5, -2]).buffer)];
    const header = { a: { dtype: "U8", shape: [1], data_offsets: [0, 1] }, b: f32([2], 1, 9) };
    const file = fileOf(header, [7, ...floats]);
    for (let shift = 0; shift < 8; shift++) {
      const moved = new Uint8Array(shift + file.length).subarray(shift);
      moved.set(file);
      const { tensors } = readSafetensors(moved);
      assert.deepEqual([...tensors.get("b")!.data], [1.5, -2]);
    }
  });

  const zeros = (n: number): number[] => Array<number>(n).fill(0);
  const isLong = new Uint8Array(16).fill(0x20, 8);
  isLong[7] = 1;

  for (const [what, bytes, code, message] of [
    [
      "too short for a length",
      new Uint8Array(7),
      "HEADER",
      "the file has 7 bytes but begins with a length of 8",
    ],
    [
      "a header longer than the file",
      fileOf("{}").subarray(0, 9),
      "HEADER",
      "the header is said to take 2 bytes but the file has 1 after its length",
    ],
    [
      "an absurd header length",
      isLong,
      "HEADER",
      "the header is said to take 72057594037927936 bytes but at most 2097152 are allowed; is this a safetensors file?",
    ],
    ["bytes that are not UTF-8", fileOf("{}").with(8, 0xff), "HEADER", "the header is not UTF-8"],
    ["an array", fileOf([]), "HEADER", "the header is not a JSON object"],
    [
      "a name twice",
      fileOf(
        '{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}, "\\u0061" :{"dtype":"I32","shape":[],"data_offsets":[0,4]}}',
        zeros(4),
      ),
      "HEADER",
      "the header names a twice",
    ],
    [
      "metadata that is no object",
      fileOf({ __metadata__: "pt" }),
      "HEADER",
      "__metadata__ is not a JSON object",
    ],
    [
      "metadata that is no text",
      fileOf({ __metadata__: { epoch: 3 } }),
      "HEADER",
      "__metadata__ has epoch which is not a string",
    ],
    [
      "an entry that is no object",
      fileOf({ w: [1] }),
      "ENTRY",
      "w is not described by a JSON object",
    ],
    ["no dtype", fileOf({ w: { shape: [], data_offsets: [0, 4] } }), "ENTRY", "w has no dtype"],
    [
      "an unknown dtype",
      fileOf({ w: { dtype: "F8_E4M3", shape: [1], data_offsets: [0, 1] } }, [0]),
      "ENTRY",
      "w has the dtype F8_E4M3 but only BOOL, U8, I8, I16, U16, F16, BF16, I32, F32, F64, I64 can be read",
    ],
    [
      "a dtype that only objects know",
      fileOf({ w: { dtype: "toString", shape: [1], data_offsets: [0, 1] } }, [0]),
      "ENTRY",
      "w has the dtype toString but only BOOL, U8, I8, I16, U16, F16, BF16, I32, F32, F64, I64 can be read",
    ],
    [
      "a negative size",
      fileOf({ w: f32([-1], 0, 4) }, zeros(4)),
      "ENTRY",
      "w has no shape of whole numbers",
    ],
    [
      "a size beyond counting",
      fileOf({ w: f32([2 ** 53], 0, 4) }, zeros(4)),
      "ENTRY",
      "w has no shape of whole numbers",
    ],
    [
      "a fraction for an offset",
      fileOf({ w: f32([1], 0.5, 4.5) }, zeros(4)),
      "ENTRY",
      "w has no data_offsets of two whole numbers",
    ],
    [
      "three offsets",
      fileOf({ w: { ...f32([1], 0, 4), data_offsets: [0, 4, 4] } }, zeros(4)),
      "ENTRY",
      "w has no data_offsets of two whole numbers",
    ],
    [
      "an end before the start",
      fileOf({ w: f32([1], 4, 0) }, zeros(4)),
      "ENTRY",
      "w ends at byte 0, before its start at 4",
    ],
    [
      "a shape of another length",
      fileOf({ w: f32([3, 2], 0, 20) }, zeros(20)),
      "ENTRY",
      "w has 20 bytes but F32 [3, 2] takes 24",
    ],
    [
      "more data than the file has",
      fileOf({ w: f32([2 ** 40], 0, 2 ** 42) }, zeros(4)),
      "OFFSETS",
      "w ends at byte 4398046511104 of the data but the file has 4 after its header",
    ],
    [
      "overlapping tensors",
      fileOf({ a: f32([2], 0, 8), b: f32([1], 4, 8) }, zeros(8)),
      "OFFSETS",
      "b starts at byte 4 of the data but the tensors before it end at 8",
    ],
    [
      "a hole",
      fileOf({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, zeros(12)),
      "OFFSETS",
      "b starts at byte 8 of the data but the tensors before it end at 4",
    ],
    [
      "bytes of no tensor at the end",
      fileOf({ a: f32([1], 0, 4) }, zeros(5)),
      "OFFSETS",
      "the tensors take 4 bytes but the file has 5 after its header",
    ],
  ] as const) {
    test(`refuses ${what}`, () => {
      assert.throws(() => readSafetensors(bytes, "model.safetensors"), {
        name: "InteropError",
        code: `ERR_SAFETENSORS_${code}`,
        message: `model.safetensors: ${message}`,
      });
    });
  }

  test("refuses a header that is not JSON, with the parser's words", () => {
    assert.throws(() => readSafetensors(fileOf("{,}"), "model.safetensors"), {
      code: "ERR_SAFETENSORS_HEADER",
      message: /^model\.safetensors: the header is not JSON: .*position 1/,
    });
  });
});

describe("names out of a file are printed on one line, and not at length", () => {
  const name = `w\u001b[31m\n${"x".repeat(200)}`;
  const shown = `w\\?\\[31m\\?${"x".repeat(93)}…`;
  const cases: readonly [header: object, data: number, finding: string][] = [
    [{ [name]: f32([1], 4, 8) }, 8, `${shown} starts at byte 4`],
    [{ [name]: f32([1], 0, 4) }, 2, `${shown} ends at byte 4`],
    [{ [name]: f32([2], 0, 4) }, 4, `${shown} has 4 bytes`],
    [{ [name]: { ...f32([1], 0, 4), dtype: name } }, 4, `${shown} has the dtype ${shown} but`],
    [
      { [name]: f32(Array<number>(999).fill(1), 0, 8) },
      8,
      `${shown} has 8 bytes but F32 .{101} takes 4`,
    ],
    [{ [name]: [] }, 0, `${shown} is not described`],
    [{ __metadata__: { [name]: 1 } }, 0, `__metadata__ has ${shown} which`],
  ];
  for (const [header, data, finding] of cases) {
    test(finding.replaceAll(shown, "…"), () => {
      assert.throws(() => readSafetensors(fileOf(header, Array<number>(data).fill(0)), "file"), {
        message: new RegExp(`^file: ${finding}[^\n]*$`),
      });
    });
  }

  test("and the parser's words", () => {
    assert.throws(() => readSafetensors(fileOf('{"a": \u001b[2J}'), "file"), {
      message: /^file: the header is not JSON: [^\p{Cc}]*$/u,
    });
  });
});

describe("readSafetensors with damaged files", async () => {
  const file = await writeSafetensors(example, { note: "text" });

  test("refuses a file cut at any byte", () => {
    for (let length = 0; length < file.length; length++) {
      assert.throws(() => readSafetensors(file.slice(0, length)), InteropError);
    }
  });

  test("reads a file with any bits flipped, or refuses it with a code", () => {
    let refused = 0;
    for (let trial = 0; trial < 8 * file.length; trial++) {
      const bytes = file.slice();
      bytes[trial >> 3] = bytes[trial >> 3]! ^ (1 << (trial & 7));
      const key = randomKey(trial, "flip");
      if (trial % 2) bytes[Math.floor(uniform(key, 0) * bytes.length)] = uniform(key, 1) * 256;
      try {
        const { tensors } = readSafetensors(bytes);
        const total = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
        assert.ok(total <= 2 * bytes.length);
      } catch (error) {
        assert.ok(error instanceof InteropError, String(error));
        refused++;
      }
    }
    assert.ok(refused > file.length, `${refused} refused`);
  });
});
