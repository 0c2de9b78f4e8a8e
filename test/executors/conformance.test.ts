// Every executor computes what the ops' reference rules say, in the memory it was given.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Executor } from "../../src/executors/executor.js";
import { outputNames } from "../../src/graph/define-op.js";
import { opsByName } from "../../src/ops/registry.js";
import { allocate, type HostArray } from "../../src/tensor/host-array.js";
import { sizeOf } from "../../src/tensor/shape.js";
import { assertClose } from "../helpers/assert-close.js";
import { executorsUnderTest, nativeExecutors, nativeSkip } from "../helpers/executors.js";
import type { ConformanceCase } from "./conformance-case.js";
import { conformanceCases } from "./conformance-cases.js";
import { guardedProgram, runGuarded, sentinel, type InPlace } from "./guarded-program.js";

const known = new Map<ConformanceCase, Readonly<Record<string, HostArray>>>();

/** What the op's reference rule gives in float32. */
function expectedOf(each: ConformanceCase): Readonly<Record<string, HostArray>> {
  const cached = known.get(each);
  if (cached) return cached;
  const op = opsByName.get(each.op)!;
  const inputs = each.inputs();
  const specs = op.shape(inputs, each.attrs);
  const outputs = Object.fromEntries(
    each.outputs.map((name) => {
      const { shape, dtype } = specs[name]!;
      return [name, { shape, dtype, data: allocate(dtype, sizeOf(shape)) }];
    }),
  );
  op.reference(inputs, outputs, each.attrs);
  known.set(each, outputs);
  return outputs;
}

/** None in place, then each result in the memory of each input that the op allows; and all at once. */
function variants({ op, outputs, inputs: draw }: ConformanceCase): InPlace[] {
  const rules = opsByName.get(op)!.inPlace ?? {};
  const inputs = draw();
  const pairs = outputs.flatMap((output) =>
    (rules[output] ?? []).filter((input) => inputs[input]).map((input) => ({ [output]: input })),
  );
  const all: InPlace = Object.assign({}, ...pairs);
  return [{}, ...pairs, ...(Object.keys(all).length > 1 ? [all] : [])];
}

async function check(executor: Executor, each: ConformanceCase, inPlace: InPlace): Promise<void> {
  const { program, guards, copies } = guardedProgram(each, inPlace);
  const results = await runGuarded(executor, each, program);
  const where = Object.entries(inPlace)
    .map(([output, input]) => ` ${output} in ${input}`)
    .join();
  const what = `${each.op}, ${each.name}${where}`;
  for (const [name, { data, dtype }] of Object.entries(expectedOf(each))) {
    const { rtol, atol = 0 } = each;
    const tolerance = dtype === "f32" ? { rtol, atol } : { rtol: 0 };
    assertClose(results[name]!.data, data, tolerance, `${what}: ${name}`);
  }
  for (const name of guards) {
    const value = Math.fround(sentinel);
    assert.ok(
      results[name]!.data.every((v) => v === value),
      `${what}: ${name} was written to`,
    );
  }
  const given = each.inputs();
  for (const name of copies) {
    const message = `${what}: the input ${name} was changed`;
    assertClose(results[`copy ${name}`]!.data, given[name]!.data, { rtol: 0 }, message);
  }
}

const tested = [...new Set(conformanceCases.map(({ op }) => op))];

for (const { name, create } of executorsUnderTest) {
  describe(`conformance of ${name}`, () => {
    let executor: Executor;
    before(() => {
      executor = create();
    });
    after(() => executor.close());
    for (const op of tested) {
      test(op, async () => {
        for (const each of conformanceCases.filter((one) => one.op === op)) {
          for (const inPlace of variants(each)) await check(executor, each, inPlace);
        }
      });
    }
  });
}

test(
  "each native executor runs on its own instruction set",
  { skip: nativeSkip || false },
  async () => {
    for (const { name, create } of nativeExecutors) {
      const executor = create();
      assert.equal(executor.description, `${name.replace(" ", ", ")}, 2 threads`);
      await executor.close();
    }
  },
);

describe("the list of cases", () => {
  test("has every op of the registry", () => {
    const missing = [...opsByName.keys()].filter((op) => !tested.includes(op));
    assert.deepEqual(missing, []);
  });

  test("has every operand, present and absent where it may be, and every result", () => {
    for (const [name, op] of opsByName) {
      const cases = conformanceCases.filter((each) => each.op === name);
      const operands = cases.map(({ inputs }) => Object.keys(inputs()));
      for (const input of op.inputs) {
        const bare = input.replace("?", "");
        assert.ok(
          operands.some((list) => list.includes(bare)),
          `${name} with ${bare}`,
        );
        if (bare === input) continue;
        assert.ok(
          operands.some((list) => !list.includes(bare)),
          `${name} without ${bare}`,
        );
      }
      for (const output of outputNames(op)) {
        assert.ok(
          cases.some(({ outputs }) => outputs.includes(output)),
          `${name} to ${output}`,
        );
      }
    }
  });

  test("has every pair of memory that an op allows", () => {
    for (const [name, { inPlace = {} }] of opsByName) {
      const tried = conformanceCases.filter(({ op }) => op === name).flatMap(variants);
      for (const [output, inputs] of Object.entries(inPlace)) {
        for (const input of inputs ?? []) {
          assert.ok(
            tried.some((each) => each[output] === input),
            `${name}: ${output} in ${input}`,
          );
        }
      }
    }
  });
});
