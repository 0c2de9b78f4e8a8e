// Every executor computes what the ops' reference rules say, in the memory it was given.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Executor } from "../../src/executors/executor.js";
import { opsByName } from "../../src/ops/registry.js";
import { executorsUnderTest, nativeExecutors, nativeSkip } from "../helpers/executors.js";
import { checkCase, variants } from "./check-case.js";
import { conformanceCases } from "./conformance-cases.js";

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
          for (const inPlace of variants(each)) await checkCase(executor, each, inPlace);
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
        assert.ok(
          operands.some((list) => list.includes(input.name)),
          `${name} with ${input.name}`,
        );
        if (!input.isOptional) continue;
        assert.ok(
          operands.some((list) => !list.includes(input.name)),
          `${name} without ${input.name}`,
        );
      }
      for (const output of op.outputs) {
        assert.ok(
          cases.some(({ outputs }) => outputs.includes(output.name)),
          `${name} to ${output.name}`,
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
