// Every op against PyTorch, forwards and backwards, on every executor.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { graphOf } from "../../src/graph/graph.js";
import { input } from "../../src/graph/tensor.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { assertClose, ulp } from "../helpers/assert-close.js";
import { executorsUnderTest } from "../helpers/executors.js";
import { draw, opCases, packageRoot, toEngine } from "../helpers/fixtures.js";
import { gradientsUnder } from "../helpers/gradient-check.js";
import { traces } from "../helpers/op-traces.js";
import { runGraph } from "../helpers/run.js";

const operandOf = (expected: string): string => expected.replace(/^d/, "");

for (const executor of executorsUnderTest) {
  describe(`PyTorch's numbers on ${executor.name}`, () => {
    for (const [op, trace] of Object.entries(traces)) {
      for (const each of opCases(op)) {
        test(`${op}: ${each.name}`, async (t) => {
          const running = executor.create();
          t.after(() => running.close());
          for (const fused of [false, true]) {
            const arrays = Object.fromEntries(
              Object.entries(each.inputs).map(([name, spec]) => [
                name,
                toEngine(name, draw(each.seed, name, spec)),
              ]),
            );
            const leaves = Object.fromEntries(
              Object.entries(arrays).map(([name, { shape, dtype }]) => [
                name,
                input(name, shape, dtype),
              ]),
            );
            const outputs = trace(leaves, each.attributes);
            const wanted = Object.keys(each.expected).filter((name) => !(name in outputs));
            const dy = leaves["dy"] ?? leaves["dloss"]!;
            const by = wanted.map((name) => leaves[operandOf(name)]!);
            const gradients = gradientsUnder(outputs["y"] ?? outputs["loss"]!, dy, by);
            wanted.forEach((name, i) => (outputs[name] = gradients.get(by[i]!)!));
            const kept = Object.fromEntries(
              Object.keys(each.expected).map((name) => [name, outputs[name]!]),
            );
            const results = await runGraph(graphOf(kept), arrays, { fused, executor: running });
            for (const [name, { shape, values, deviation }] of Object.entries(each.expected)) {
              const list = typeof values === "number" ? [values] : values;
              const expected = toEngine(name, hostArray(shape, list));
              // PyTorch's numbers are `deviation` off the exact ones, and so may ours be; integers
              // and the choice of a maximum are exact. 4 ulp: the last roundings of both.
              const rtol = ["index", "correct"].includes(name) ? 0 : 4 * deviation + 4 * ulp;
              assertClose(results[name]!.data, expected.data, { rtol }, `${name}, fused ${fused}`);
            }
          }
        });
      }
    }
  });
}

test("every file of test/fixtures/ops is read, the optimisers' by test/train", () => {
  const files = readdirSync(path.join(packageRoot, "test/fixtures/ops")).sort();
  const read = [...Object.keys(traces), "sgd", "adam"].map((op) => `${op}.json`).sort();
  assert.deepEqual(files, read);
});
