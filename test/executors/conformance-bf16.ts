// The cases again with activations in bf16.
import { encodeBf16 } from "../../src/tensor/bf16.js";
import { hostArray, type HostArray } from "../../src/tensor/host-array.js";
import type { ConformanceCase } from "./conformance-case.js";

/** By op, the operands that are activations or their gradients; ops that are not here have none. */
const activations: Readonly<Record<string, readonly string[]>> = {
  conv2d: ["x", "residual"],
  conv2dInputGrad: ["dy", "addend"],
  conv2dWeightGrad: ["x", "dy"],
  biasGrad: ["dy"],
  batchNormStatistics: ["x"],
  batchNorm2d: ["x", "residual"],
  batchNormParamGrad: ["dy", "x", "y"],
  batchNormInputGrad: ["dy", "x", "y"],
  relu: ["x"],
  reluGrad: ["dy", "y"],
  leakyRelu: ["x"],
  leakyReluGrad: ["dy", "y"],
  add: ["a", "b"],
  maxPool2d: ["x"],
  maxPool2dGrad: ["dy"],
  avgPool2d: ["x"],
  avgPool2dGrad: ["dy"],
  adaptiveAvgPool2d: ["x"],
  adaptiveAvgPool2dGrad: ["dy"],
  adaptiveMaxPool2d: ["x"],
  adaptiveMaxPool2dGrad: ["dy"],
  flatten: ["x"],
  flattenGrad: [],
  dropout: ["x"],
  stochasticDepth: ["x"],
  subsample: ["x"],
  subsampleGrad: ["dy"],
  ingest: [],
  mixSamples: ["x"],
  unary: ["x"],
  unaryGrad: ["dy", "at"],
  binary: ["a", "b"],
  where: ["condition", "a", "b"],
  reduce: ["x"],
  reduceGrad: ["dy", "x", "y"],
  broadcast: ["x"],
  reshape: ["x"],
  permute: ["x"],
  slice: ["x"],
  pad: ["x"],
  concat: ["x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"],
  cast: [],
  elementwise: ["x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"],
  convTranspose2d: ["x"],
  softmax: ["x"],
  softmaxGrad: ["dy", "y"],
  argmax: ["x"],
  matmul: ["a", "b"],
};

/** Integers stay. */
const encode = (array: HostArray): HostArray =>
  array.dtype === "f32" ? hostArray(array.shape, encodeBf16(array.data), "bf16") : array;

/** The case in bf16, if its op has activations. */
export function inBf16(each: ConformanceCase): ConformanceCase[] {
  const names = activations[each.op];
  if (!names) return [];
  const attrs = "dtype" in each.attrs ? { ...each.attrs, dtype: "bf16" } : each.attrs;
  const inputs = (): Record<string, HostArray> =>
    Object.fromEntries(
      Object.entries(each.inputs()).map(([name, array]) => [
        name,
        names.includes(name) ? encode(array) : array,
      ]),
    );
  return [{ ...each, name: `${each.name}, bf16`, attrs, inputs }];
}
