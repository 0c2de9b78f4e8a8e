// How much work a step of each row of the benchmark is for a GPU: software adapters say nothing about speed, so it is counted.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bindKernel } from "../../../src/executors/webgpu/bind-kernel.js";
import type { Region } from "../../../src/executors/webgpu/gpu-memory.js";
import type { Value } from "../../../src/executors/webgpu/kernel.js";
import { kernelsOf } from "../../../src/executors/webgpu/kernels/all.js";
import { assemble } from "../../../src/executors/webgpu/wgsl/assemble.js";
import { createModel } from "../../../src/models/catalog.js";
import { benchRows, classesOf, imageOf, type BenchRow } from "../../../src/node/bench/bench-row.js";
import { opsByName } from "../../../src/ops/registry.js";
import { plan } from "../../../src/planner/plan.js";
import type { BufferId, Program } from "../../../src/program/program.js";
import { hostTraits } from "../../../src/program/traits.js";
import { bytesPerElement, sizeOf, type TensorSpec } from "../../../src/tensor/shape.js";
import { sgd } from "../../../src/train/optimizers.js";
import type { Precision } from "../../../src/program/precision.js";
import { residentTracer } from "../../../src/train/sources/resident-source.js";
import { traceEvaluation, traceTrainStep } from "../../../src/train/step.js";

const bytesOf = ({ shape, dtype }: TensorSpec): number => sizeOf(shape) * bytesPerElement[dtype];
const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, each) => total + each, 0);

/** The program of a row, planned for a GPU. */
function programOf(row: BenchRow, precision: Precision): Program {
  const [channels, h, w] = imageOf(row);
  const half = Array<number>(channels).fill(0.5);
  const source = residentTracer("bench", [row.batch, h, w, channels], { mean: half, std: half });
  const model = createModel(row.model, { classes: classesOf(row), channels });
  const graph =
    row.pass === "train"
      ? traceTrainStep(model, {
          source,
          batchSize: row.batch,
          optimizer: sgd({ momentum: 0.9 }),
          precision,
        })
      : traceEvaluation(model, source, row.batch, precision);
  return plan(row.name, graph, { ...hostTraits, alignment: 256 });
}

/** Kernels, their different texts, and the bytes of all their operands, beside those of all instructions. */
function workOf({ instructions, buffers }: Program) {
  const texts = new Set<string>();
  const [arena, scratch] = [{}, {}] as unknown as GPUBuffer[];
  const regionOf = (value: Value): Region => {
    const own = (): GPUBuffer => value as unknown as GPUBuffer;
    const bytes = bytesOf(value);
    if (value.at.kind === "table") return { buffer: own(), offset: 0, bytes };
    if (value.at.kind === "scratch") return { buffer: scratch!, offset: value.at.offset, bytes };
    const buffer = buffers[value.at.id]!;
    if (buffer.place === "arena") return { buffer: arena!, offset: buffer.offset, bytes };
    return { buffer: buffer as unknown as GPUBuffer, offset: 0, bytes };
  };
  let [dispatches, gpuBytes, programBytes] = [0, 0, 0];
  for (const instruction of instructions) {
    const op = opsByName.get(instruction.op)!;
    const specs = (ids: Readonly<Record<string, BufferId>>) =>
      Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, buffers[id]!]));
    const [inputs, outputs] = [specs(instruction.inputs), specs(instruction.outputs)];
    const operands = [...Object.values(inputs), ...Object.values(outputs)];
    const due = op.bytes?.(inputs, outputs, instruction.attrs) ?? sum(operands.map(bytesOf));
    programBytes += due;
    const { kernels } = kernelsOf(instruction, buffers, limits)!;
    dispatches += kernels.length;
    for (const kernel of kernels) texts.add(assemble(bindKernel(kernel, regionOf), "constants"));
    // Of a data set only the batch is read, which the op's own count says.
    gpuBytes += op.bytes
      ? due
      : sum(kernels.flatMap((kernel) => kernel.operands.map(({ value }) => bytesOf(value))));
  }
  return { dispatches, pipelines: texts.size, share: gpuBytes / programBytes };
}

const unlimited = { maxBindingBytes: Infinity, maxBufferBytes: Infinity };
const limits = { maxBindings: 10, ...unlimited };

describe("the work of a GPU", () => {
  for (const row of benchRows()) {
    for (const precision of ["fp32", "bf16"] as const) {
      test(`${row.name}, ${precision}`, () => {
        const program = programOf(row, precision);
        const { dispatches, pipelines, share } = workOf(program);
        assert.ok(share <= 1.3, `${share.toFixed(2)} times the bytes of the instructions`);
        // Reductions take up to four kernels each; every layer of one shape shares its kernels.
        const perInstruction = dispatches / program.instructions.length;
        assert.ok(perInstruction <= 2.5, `${perInstruction.toFixed(2)} kernels an instruction`);
        assert.ok(pipelines <= 330, `${pipelines} pipelines`);
      });
    }
  }
});

test("what is larger than a device allows has no kernels, and the host computes it", () => {
  const { instructions, buffers } = programOf(benchRows()[0]!, "bf16");
  const convolution = instructions.find(
    (each) =>
      each.op === "conv2dWeightGrad" && kernelsOf(each, buffers, limits)!.scratchBytes > 1000,
  )!;
  const kernelsWith = (less: Partial<typeof limits>) =>
    kernelsOf(convolution, buffers, { ...limits, ...less });
  assert.ok(kernelsWith({}));
  assert.equal(kernelsWith({ maxBindingBytes: 1000 }), null);
  assert.equal(kernelsWith({ maxBufferBytes: 1000 }), null);
});
