import type { GraphNode } from "../../graph/tensor.js";
import type { HostArray } from "../../tensor/host-array.js";
import type { LazyArray, OnnxBuilder } from "./onnx-builder.js";

/**
 * Weight and bias of a convolution that does what the convolution and its batch norm do:
 * `weight · s` and `(bias − mean) · s + shift`, where `s = scale / √(variance + eps)`.
 */
export function foldBatchNorm(
  conv: GraphNode,
  norm: GraphNode,
  builder: OnnxBuilder,
): { readonly weight: LazyArray; readonly bias: LazyArray } {
  const values = (node: GraphNode, name: string): HostArray<"f32"> =>
    builder.weight(node.inputs[name]!);
  const { eps } = norm.attrs as unknown as { readonly eps: number };
  const weight = values(conv, "weight"); // [Out, In / groups, KH, KW]
  const [mean, variance] = [values(norm, "mean").data, values(norm, "variance").data];
  const [gain, shift] = [values(norm, "weight").data, values(norm, "bias").data];
  const convBias = conv.inputs["bias"] ? values(conv, "bias").data : null;
  const scale = Float64Array.from(gain, (g, c) => g / Math.sqrt(variance[c]! + eps));
  const each = weight.data.length / scale.length;
  return {
    weight: {
      shape: weight.shape,
      values: () => weight.data.map((value, i) => value * scale[Math.floor(i / each)]!),
    },
    bias: {
      shape: [scale.length],
      values: () =>
        Float32Array.from(scale, (s, c) => ((convBias?.[c] ?? 0) - mean[c]!) * s + shift[c]!),
    },
  };
}
