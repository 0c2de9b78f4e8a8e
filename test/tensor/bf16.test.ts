import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bf16Bits, decodeBf16, encodeBf16, roundToBf16 } from "../../src/tensor/bf16.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { bytesPerElement } from "../../src/tensor/shape.js";
import { add } from "../../src/ops/add.js";
import { executorsUnderTest, reference } from "../helpers/executors.js";
import { roundingCases } from "../helpers/fixtures.js";
import { runOps } from "../helpers/run.js";

const cases = roundingCases();
const floats = new Float32Array(Uint32Array.from(cases, ({ f32 }) => f32).buffer);

const isSubnormal = (value: number): boolean => value !== 0 && Math.abs(value) < 2 ** -126;

describe("bf16", () => {
  test("rounds as PyTorch does: ties to even, overflow to infinity, subnormals too", () => {
    cases.forEach(({ bf16 }, i) => assert.equal(bf16Bits(floats[i]!), bf16, `${floats[i]}`));
    assert.deepEqual(
      [...encodeBf16(floats)],
      cases.map(({ bf16 }) => bf16),
    );
  });

  test("keeps NaN, also one whose upper bits alone would be an infinity", () => {
    const quiet = new Float32Array(Uint32Array.of(0x7f800001, 0xff800001, 0x7fffffff).buffer);
    assert.ok(roundToBf16([NaN, ...quiet]).every(Number.isNaN));
  });

  test("decodes exactly, so that rounding twice changes nothing", () => {
    const all = Uint16Array.from({ length: 1 << 16 }, (_, i) => i);
    const values = decodeBf16(all);
    values.forEach((value, i) => {
      if (!Number.isNaN(value)) assert.equal(bf16Bits(value), i);
    });
  });

  test("takes two bytes, and is bits on the host", () => {
    assert.equal(bytesPerElement.bf16, 2);
    assert.ok(hostArray([3], undefined, "bf16").data instanceof Uint16Array);
  });

  for (const { name, create } of executorsUnderTest) {
    // a + b is rounded once: with the upper half of a float32 and the lower as a second term, any tie comes up.
    test(`results are rounded the same way on ${name}`, async (t) => {
      const executor = create();
      t.after(() => executor.close());
      const usable = floats.filter((value) => Number.isFinite(value) && !isSubnormal(value));
      const upper = new Float32Array(
        Uint32Array.from(new Uint32Array(usable.buffer), (word) => word & 0xffff0000).buffer,
      );
      const lower = usable.map((value, i) => value - upper[i]!);
      const terms = [upper, lower].map((values) =>
        hostArray([values.length], encodeBf16(values), "bf16"),
      );
      const { y } = await runOps(
        ({ a, b }) => ({ y: add(a!, b!) }),
        { a: terms[0]!, b: terms[1]! },
        { executor },
      );
      const sums = decodeBf16(terms[0]!.data as Uint16Array).map(
        (value, i) => value + decodeBf16(terms[1]!.data as Uint16Array)[i]!,
      );
      const expected = roundToBf16(sums);
      // Instructions for bf16 take subnormals for zeros.
      const flushed = (value: number): number => (isSubnormal(value) ? 0 : value);
      const exact = name === reference.name;
      decodeBf16(y!.data as Uint16Array).forEach((value, i) => {
        const [got, want] = exact ? [value, expected[i]!] : [flushed(value), flushed(expected[i]!)];
        assert.equal(got, want, `${upper[i]} + ${lower[i]}`);
      });
    });
  }
});
