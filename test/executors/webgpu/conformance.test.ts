// The WebGPU executor computes what the ops' reference rules say, in the memory it was given.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Executor } from "../../../src/executors/executor.js";
import { kernelsOf, opsWithKernels } from "../../../src/executors/webgpu/kernels/all.js";
import { openDawn } from "../../../src/node/webgpu/dawn.js";
import { opsByName } from "../../../src/ops/registry.js";
import { createWebGpu, webgpuSkip, withLimits } from "../../helpers/webgpu.js";
import { checkCase, variants } from "../check-case.js";
import type { ConformanceCase } from "../conformance-case.js";
import { conformanceCases } from "../conformance-cases.js";
import { guardedProgram, type InPlace } from "../guarded-program.js";

describe("conformance of webgpu", { skip: webgpuSkip || false }, () => {
  let executor: Executor;
  before(async () => {
    executor = await createWebGpu();
  });
  after(() => executor.close());
  for (const op of new Set(conformanceCases.map((each) => each.op))) {
    test(`${op} on webgpu`, async () => {
      for (const each of conformanceCases.filter((one) => one.op === op)) {
        for (const inPlace of variants(each)) {
          assertOnGpu(each, inPlace, 10);
          await checkCase(executor, each, inPlace);
        }
      }
    });
  }
});

/** Whether the host has no part in a case, on a device that binds so many buffers. */
function assertOnGpu(each: ConformanceCase, inPlace: InPlace, maxBindings: number): void {
  const { instructions, buffers } = guardedProgram(each, inPlace, 256).program;
  for (const instruction of instructions)
    assert.ok(
      kernelsOf(instruction, buffers, {
        maxBindings,
        maxBindingBytes: 2 ** 27,
        maxBufferBytes: 2 ** 28,
      }),
      `${each.op}, ${each.name}`,
    );
}

describe("conformance of webgpu with 8 bindings", { skip: webgpuSkip || false }, () => {
  let executor: Executor;
  before(async () => {
    executor = await createWebGpu({
      gpu: withLimits(await openDawn(), { maxStorageBuffersPerShaderStage: 8 }),
    });
  });
  after(() => executor.close());
  // Those that have more operands.
  for (const op of ["adam", "batchNormInputGrad", "concat", "elementwise", "sgd"]) {
    test(`${op} on webgpu`, async () => {
      for (const each of conformanceCases.filter((one) => one.op === op)) {
        if (Object.keys(each.inputs()).length + each.outputs.length <= 8) continue;
        for (const inPlace of variants(each)) {
          assertOnGpu(each, inPlace, 8);
          await checkCase(executor, each, inPlace);
        }
      }
    });
  }
});

test("every op has kernels, so that no program stops for the host", () => {
  assert.deepEqual(
    [...opsByName.keys()].filter((op) => !opsWithKernels.includes(op)),
    [],
  );
});

test("kernels are for ops that exist", () => {
  assert.deepEqual(
    opsWithKernels.filter((op) => !opsByName.has(op)),
    [],
  );
});
