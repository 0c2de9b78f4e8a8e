import type { BufferSpec, Instruction, Program } from "../../../src/program/program.js";
import type { DType, Shape } from "../../../src/tensor/shape.js";
import { bytesPerElement, sizeOf } from "../../../src/tensor/shape.js";

type Ids = Readonly<Record<string, number>>;

/** Collects buffers and instructions, and lays the arena out one buffer after the other. */
export class ProgramBuilder {
  readonly buffers: BufferSpec[] = [];
  readonly instructions: Instruction[] = [];
  private arenaBytes = 0;

  arena(shape: Shape, dtype: DType = "f32"): number {
    const offset = this.arenaBytes;
    this.arenaBytes += Math.ceil((sizeOf(shape) * bytesPerElement[dtype]) / 64) * 64;
    return this.buffers.push({ shape, dtype, place: "arena", offset }) - 1;
  }

  state(name: string, shape: Shape, dtype: DType = "f32"): number {
    return this.buffers.push({ shape, dtype, place: "state", name }) - 1;
  }

  input(name: string, shape: Shape, dtype: DType = "f32"): number {
    return this.buffers.push({ shape, dtype, place: "input", name }) - 1;
  }

  add(op: string, inputs: Ids, outputs: Ids, attrs: Instruction["attrs"] = {}): void {
    this.instructions.push({ op, inputs, outputs, attrs, module: "sample" });
  }

  program(name: string, outputs: Ids): Program {
    const { arenaBytes, buffers, instructions } = this;
    return { name, arenaBytes, buffers, instructions, outputs };
  }
}

/**
 * One training step of a small network: two convolutions, batch norm, pooling, dropout, a linear layer, the loss,
 * and an update of the first weight. Takes `indices` (rows of a data set of 20 images), `labels`, `key` and
 * `learningRate`; gives `loss` and `logits`.
 */
export function trainingStep(batch = 6): Program {
  const b = new ProgramBuilder();
  const act = { activation: "relu", slope: 0 };
  const images = b.state("images", [20, 9, 9, 1], "u8");
  const indices = b.input("indices", [batch], "i32");
  const labels = b.input("labels", [batch], "i32");
  const key = b.input("key", [2], "i32");
  const learningRate = b.input("learningRate", []);
  const stem = b.state("stem", [3, 3, 1, 40]);
  const weight = b.state("weight", [3, 3, 40, 33]);
  const gamma = b.state("gamma", [33]);
  const beta = b.state("beta", [33]);
  const classifier = b.state("classifier", [33, 5]);
  const velocity = b.state("velocity", [3, 3, 1, 40]);
  const momentum = b.input("momentum", []);

  const x = b.arena([9, 9, batch, 1]);
  const a = b.arena([9, 9, batch, 40]);
  const z = b.arena([5, 5, batch, 33]);
  const mean = b.arena([33]);
  const variance = b.arena([33]);
  const y = b.arena([5, 5, batch, 33]);
  const pooled = b.arena([1, 1, batch, 33]);
  const flat = b.arena([batch, 33]);
  const dropped = b.arena([batch, 33]);
  const logits = b.arena([batch, 5]);
  const loss = b.arena([]);
  const one = b.arena([]);
  b.add("ingest", { images, indices }, { x }, { mean: [0.5], std: [0.25], dtype: "f32" });
  b.add("conv2d", { x, weight: stem }, { y: a }, { stride: 1, padding: 1, groups: 1, ...act });
  b.add(
    "conv2d",
    { x: a, weight },
    { y: z, mean, variance },
    { stride: 2, padding: 1, groups: 1, activation: "none", slope: 0 },
  );
  b.add(
    "batchNorm2d",
    { x: z, mean, variance, weight: gamma, bias: beta },
    { y },
    { eps: 1e-5, statistics: "batch", ...act },
  );
  b.add("adaptiveAvgPool2d", { x: y }, { y: pooled });
  b.add("flatten", { x: pooled }, { y: flat });
  b.add("dropout", { x: flat, key }, { y: dropped }, { probability: 0.25, stream: 3 });
  b.add("linear", { x: dropped, weight: classifier }, { y: logits });
  b.add("softmaxCrossEntropy", { logits, labels }, { loss }, { smoothing: 0.1 });
  b.add("constant", {}, { y: one }, { value: 1, shape: [] });

  const dlogits = b.arena([batch, 5]);
  const dflat = b.arena([batch, 33]);
  const dropGrad = b.arena([batch, 33]);
  const dpooled = b.arena([1, 1, batch, 33]);
  const dy = b.arena([5, 5, batch, 33]);
  const dgamma = b.arena([33]);
  const dbeta = b.arena([33]);
  const dz = b.arena([5, 5, batch, 33]);
  const da = b.arena([9, 9, batch, 40]);
  const dstem = b.arena([3, 3, 1, 40]);
  const bn = { eps: 1e-5, ...act };
  b.add("softmaxCrossEntropyGrad", { logits, labels, dloss: one }, { dlogits }, { smoothing: 0.1 });
  b.add("linearInputGrad", { dy: dlogits, weight: classifier }, { dx: dflat });
  b.add("dropout", { x: dflat, key }, { y: dropGrad }, { probability: 0.25, stream: 3 });
  b.add("flattenGrad", { dy: dropGrad }, { dx: dpooled }, { imageSize: [1, 1], dtype: "f32" });
  b.add("adaptiveAvgPool2dGrad", { dy: dpooled }, { dx: dy }, { imageSize: [5, 5] });
  b.add(
    "batchNormParamGrad",
    { dy, x: z, mean, variance, y },
    { dweight: dgamma, dbias: dbeta },
    bn,
  );
  b.add(
    "batchNormInputGrad",
    { dy, x: z, mean, variance, weight: gamma, dweight: dgamma, dbias: dbeta, y },
    { dx: dz },
    bn,
  );
  b.add(
    "conv2dInputGrad",
    { dy: dz, weight },
    { dx: da },
    { stride: 2, padding: 1, groups: 1, imageSize: [9, 9] },
  );
  b.add("reluGrad", { dy: da, y: a }, { dx: da });
  b.add(
    "conv2dWeightGrad",
    { x, dy: da },
    { dweight: dstem },
    { stride: 1, padding: 1, groups: 1, kernelSize: [3, 3] },
  );
  b.add(
    "sgd",
    { parameter: stem, gradient: dstem, learningRate, velocity, momentum },
    { newParameter: stem, newVelocity: velocity },
    { nesterov: true, weightDecay: 1e-4, lrScale: 1 },
  );
  return b.program("sample-step", { loss, logits });
}
