// NaN, infinities and -0 go through every op and its gradient as they do in PyTorch.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Executor, RunOutputs } from "../../src/executors/executor.js";
import { widen } from "../../src/executors/reference/execute.js";
import { graphOf } from "../../src/graph/graph.js";
import { input } from "../../src/graph/tensor.js";
import { conv2d } from "../../src/ops/conv2d.js";
import { encodeBf16 } from "../../src/tensor/bf16.js";
import { hostArray, type HostArray } from "../../src/tensor/host-array.js";
import { randomArray } from "../helpers/arrays.js";
import { assertClose, ulp } from "../helpers/assert-close.js";
import { executorsUnderTest } from "../helpers/executors.js";
import { specialCases, type SpecialCase } from "../helpers/fixtures.js";
import { gradientsUnder } from "../helpers/gradient-check.js";
import { traces } from "../helpers/op-traces.js";
import { runGraph, runOps } from "../helpers/run.js";
import { webgpuExecutors } from "../helpers/webgpu.js";

const cases = specialCases();
const ops = [...new Set(cases.map(({ op }) => op))];

/** Traces the op of a case with its gradients, and runs it. */
function run(
  { op, attributes, expected }: SpecialCase,
  inputs: Readonly<Record<string, HostArray>>,
  executor: Executor,
  fused: boolean,
): Promise<RunOutputs> {
  const leaves = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, dtype }]) => [name, input(name, shape, dtype)]),
  );
  const outputs = traces[op]!(leaves, attributes);
  const wanted = Object.keys(expected).filter((name) => !(name in outputs));
  const dy = leaves["dy"] ?? leaves["dloss"];
  if (dy) {
    const by = wanted.map((name) => leaves[name.slice(1)]!);
    const gradients = gradientsUnder(outputs["y"] ?? outputs["loss"]!, dy, by);
    wanted.forEach((name, i) => (outputs[name] = gradients.get(by[i]!)!));
  }
  const kept = Object.fromEntries(Object.keys(expected).map((name) => [name, outputs[name]!]));
  return runGraph(graphOf(kept), inputs, { fused, executor });
}

/** NaN and infinities as they are, 0 for every finite value. */
const kinds = (values: Iterable<number>): number[] =>
  Array.from(values, (value) => (Number.isFinite(value) ? 0 : value));

/**
 * Narrow groups of a convolution are multiplied as one, with zeros between them, so that NaN and infinities reach the other
 * groups as NaN. They never get lost, and finite results are right.
 */
function assertSpreads(found: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  for (let i = 0; i < expected.length; i++) {
    const value = found[i]!;
    const isRight = Object.is(value, expected[i]) || Math.abs(value - expected[i]!) <= 0.0625;
    assert.ok(isRight || Number.isNaN(value), `${what}: ${i} is ${value}, not ${expected[i]}`);
  }
}

/** Operands that a network in bf16 stores so. */
const stored: ReadonlySet<string> = new Set(["x", "dy", "a", "b", "residual"]);

const inBf16 = (inputs: Readonly<Record<string, HostArray>>): Record<string, HostArray> =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, array]) => [
      name,
      stored.has(name)
        ? hostArray(array.shape, encodeBf16(array.data as Float32Array), "bf16")
        : array,
    ]),
  );

/** Ops whose operands may all be bf16. */
const hasBf16 = (op: string): boolean =>
  !["linear", "lerp", "flatten", "softmaxCrossEntropy"].includes(op);

for (const { name, create } of [...executorsUnderTest, ...webgpuExecutors]) {
  describe(`on ${name}`, () => {
    for (const op of ops) {
      test(`${op} and its gradient make of NaN, infinities and -0 what PyTorch makes of them`, async (t) => {
        const executor = await create();
        t.after(() => executor.close());
        for (const each of cases.filter((one) => one.op === op)) {
          for (const fused of [false, true]) {
            const results = await run(each, each.inputs, executor, fused);
            for (const [output, { data }] of Object.entries(each.expected)) {
              const what = `${op}, ${each.name}: ${output}, fused ${fused}`;
              const found = results[output]!.data;
              if (Number(each.attributes["groups"] ?? 1) > 1) {
                assertSpreads(found, data, what);
                continue;
              }
              // Sums of a few small multiples of a quarter are exact. Norms and softmax are rounded: 1 less a
              // probability of 1 may be a unit in the last place.
              const isExact = ["index", "correct"].includes(output);
              const tolerance = isExact ? { rtol: 0 } : { rtol: 64 * ulp, atol: 4 * ulp };
              assertClose(found, data, tolerance, what);
            }
          }
        }
      });

      if (!hasBf16(op)) continue;
      test(`${op} in bf16 makes NaN and infinities where float32 makes them`, async (t) => {
        const executor = await create();
        t.after(() => executor.close());
        for (const each of cases.filter((one) => one.op === op)) {
          for (const fused of [false, true]) {
            const results = await run(each, inBf16(each.inputs), executor, fused);
            for (const [output, { data }] of Object.entries(each.expected)) {
              const what = `${op}, ${each.name}: ${output}, fused ${fused}`;
              const found = widen(results[output]!).data;
              if (Number(each.attributes["groups"] ?? 1) > 1) assertSpreads(found, data, what);
              else assert.deepEqual(kinds(found), kinds(data), what);
            }
          }
        }
      });
    }

    test("NaN in one image of a convolution by Winograd's products reaches one pixel further at most, and no other image", async (t) => {
      const executor = await create();
      t.after(() => executor.close());
      const [h, w, n, c] = [8, 8, 32, 32] as const;
      const x = randomArray([h, w, n, c], 1);
      const weight = randomArray([3, 3, c, c], 2);
      const convolve = async (image: HostArray) => {
        const attrs = { stride: 1, padding: 1, groups: 1 };
        const build = (leaves: Readonly<Record<string, ReturnType<typeof input>>>) => ({
          y: conv2d(leaves["x"]!, leaves["weight"]!, attrs),
        });
        const { y } = await runOps(build, { x: image, weight }, { executor });
        return y!.data;
      };
      const clean = await convolve(x);
      const [row, column, sample] = [3, 4, 7];
      const spoilt = hostArray(x.shape, x.data.slice());
      spoilt.data[((row * w + column) * n + sample) * c + 5] = NaN;
      const y = await convolve(spoilt);
      for (let i = 0; i < y.length; i++) {
        const [pixel, of] = [Math.floor(i / (n * c)), Math.floor(i / c) % n];
        const apart = Math.max(
          Math.abs(Math.floor(pixel / w) - row),
          Math.abs((pixel % w) - column),
        );
        if (of === sample && apart <= 1) assert.ok(Number.isNaN(y[i]), `${i} reads the NaN`);
        else if (of !== sample || apart > 2) assert.equal(y[i], clean[i], `${i} is out of reach`);
      }
    });
  });
}
