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
  return { dispatches, pipelines: texts.size, bytes: gpuBytes, share: gpuBytes / programBytes };
}

const unlimited = { maxBindingBytes: Infinity, maxBufferBytes: Infinity };
const limits = { maxBindings: 10, ...unlimited };

/** At most so many dispatches, pipelines and megabytes a step: what there are now, and a little room. */
const most: Readonly<Record<string, Readonly<Record<Precision, readonly number[]>>>> = {
  "train resnet34 1x28x28 b512": { fp32: [610, 150, 3400], bf16: [645, 160, 2120] },
  "train resnet50 1x28x28 b512": { fp32: [900, 250, 8750], bf16: [975, 260, 4950] },
  "train resnet18 1x96x96 b128": { fp32: [370, 155, 4880], bf16: [395, 165, 2700] },
  "train resnet50 3x32x32 b64": { fp32: [835, 235, 2030], bf16: [875, 245, 1500] },
  "train resnet50 3x224x224 b32": { fp32: [940, 260, 28200], bf16: [1020, 270, 14900] },
  "infer resnet18 3x224x224 b1": { fp32: [50, 28, 75], bf16: [56, 31, 62] },
  "infer resnet18 3x224x224 b32": { fp32: [50, 28, 910], bf16: [63, 36, 490] },
  "infer resnet50 3x224x224 b1": { fp32: [116, 39, 222], bf16: [130, 45, 165] },
  "infer resnet50 3x224x224 b32": { fp32: [116, 39, 3830], bf16: [156, 50, 2000] },
  "infer resnet18 1x28x28 b1": { fp32: [50, 28, 46], bf16: [50, 28, 46] },
  "infer resnet18 1x28x28 b128": { fp32: [50, 28, 105], bf16: [58, 33, 77] },
};

describe("the work of a GPU", () => {
  for (const row of benchRows()) {
    for (const precision of ["fp32", "bf16"] as const) {
      test(`${row.name}, ${precision}`, (t) => {
        const { dispatches, pipelines, bytes, share } = workOf(programOf(row, precision));
        const counts = [dispatches, pipelines, Math.ceil(bytes / 1e6)];
        const [a, b, c] = counts;
        t.diagnostic(`${row.name}, ${precision}: ${a} dispatches, ${b} pipelines, ${c} MB`);
        const text = `${counts.join(", ")} instead of at most ${most[row.name]![precision].join(", ")}`;
        assert.ok(
          counts.every((count, i) => count <= most[row.name]![precision][i]!),
          text,
        );
        assert.ok(share <= 1.3, `${share.toFixed(2)} times the bytes of the instructions`);
      });
    }
  }
});
