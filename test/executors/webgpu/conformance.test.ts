// The WebGPU executor computes what the ops' reference rules say, in the memory it was given.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Executor } from "../../../src/executors/executor.js";
import { opsWithKernels } from "../../../src/executors/webgpu/kernels/all.js";
import { opsByName } from "../../../src/ops/registry.js";
import { createWebGpu, webgpuSkip } from "../../helpers/webgpu.js";
import { checkCase, variants } from "../check-case.js";
import { conformanceCases } from "../conformance-cases.js";

describe("conformance of webgpu", { skip: webgpuSkip || false }, () => {
  let executor: Executor;
  before(async () => {
    executor = await createWebGpu();
  });
  after(() => executor.close());
  for (const op of new Set(conformanceCases.map((each) => each.op))) {
    test(`${op} on webgpu`, async () => {
      for (const each of conformanceCases.filter((one) => one.op === op)) {
        for (const inPlace of variants(each)) await checkCase(executor, each, inPlace);
      }
    });
  }
});

test("kernels are for ops that exist", () => {
  assert.deepEqual(
    opsWithKernels.filter((op) => !opsByName.has(op)),
    [],
  );
});
