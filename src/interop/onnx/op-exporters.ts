import type { GraphNode, Tensor } from "../../graph/tensor.js";
import type { HostArray } from "../../tensor/host-array.js";
import { InteropError } from "../interop-error.js";
import type { LazyArray, OnnxBuilder } from "./onnx-builder.js";
import type { OnnxAttribute } from "./onnx-messages.js";

/** Writes one node of a graph as nodes of ONNX, whose images are `[N, C, H, W]`. */
type OpExporter = (node: GraphNode, builder: OnnxBuilder, fold: boolean) => void;

interface WindowAttrs {
  readonly stride: number;
  readonly padding: number;
}

const windowAttributes = ({ stride, padding }: WindowAttrs, kernel: readonly number[]) => ({
  kernel_shape: kernel,
  strides: [stride, stride],
  pads: [padding, padding, padding, padding],
});

/** An op of one input that is an operator of ONNX. */
const unary =
  (
    opType: string,
    attributes: (node: GraphNode) => Readonly<Record<string, OnnxAttribute>> = () => ({}),
  ): OpExporter =>
  (node, builder) => {
    const { x, y } = { ...node.inputs, ...node.outputs };
    builder.add(opType, node, [builder.nameOf(x!)], attributes(node), y!);
  };

const pool = (opType: string, more: Readonly<Record<string, OnnxAttribute>> = {}): OpExporter =>
  unary(opType, ({ attrs }) => {
    const { kernel, ...window } = attrs as unknown as WindowAttrs & { readonly kernel: number };
    return { ...windowAttributes(window, [kernel, kernel]), ...more };
  });

const conv2d: OpExporter = (node, builder, fold) => {
  const { x, weight, bias, scale, residual } = node.inputs;
  const { activation } = node.attrs as { readonly activation?: string };
  if (scale || residual || (activation ?? "none") !== "none") {
    throw new InteropError(
      "ERR_ONNX",
      "a fused graph cannot be exported: export it as it was traced",
    );
  }
  const norm = builder.onlyReader(node.outputs["y"]!);
  const [kh, kw] = weight!.shape;
  const { groups, ...window } = node.attrs as unknown as WindowAttrs & { readonly groups: number };
  const attributes = { ...windowAttributes(window, [kh!, kw!]), group: groups };
  if (fold && norm?.op.name === "batchNorm2d" && norm.inputs["x"] === node.outputs["y"]) {
    const folded = foldBatchNorm(node, norm, builder);
    const names = Object.entries(folded).map(([name, array]) =>
      builder.operand(node, `folded_${name}`, array),
    );
    builder.add("Conv", node, [builder.nameOf(x!), ...names], attributes, norm.outputs["y"]!);
    return;
  }
  const operands = [x!, weight!, ...(bias ? [bias] : [])].map((tensor) => builder.nameOf(tensor));
  builder.add("Conv", node, operands, attributes, node.outputs["y"]!);
};

const batchNorm2d: OpExporter = (node, builder) => {
  if (builder.isComputed(node.outputs["y"]!)) return; // folded into its convolution
  const { x, weight, bias, mean, variance } = node.inputs;
  const { eps } = node.attrs as unknown as { readonly eps: number };
  const operands = [x!, weight!, bias!, mean!, variance!].map((each) => builder.nameOf(each));
  builder.add(
    "BatchNormalization",
    node,
    operands,
    { epsilon: { float: eps } },
    node.outputs["y"]!,
  );
};

const add: OpExporter = (node, builder) => {
  const { a, b } = node.inputs;
  builder.add("Add", node, [builder.nameOf(a!), builder.nameOf(b!)], {}, node.outputs["y"]!);
};

const linear: OpExporter = (node, builder) => {
  const { x, weight, bias } = node.inputs;
  const operands = [x!, weight!, ...(bias ? [bias] : [])].map((tensor) => builder.nameOf(tensor));
  builder.add("Gemm", node, operands, { transB: 1 }, node.outputs["y"]!); // weight [Out, In], as PyTorch's
};

const subsample: OpExporter = (node, builder) => {
  const { stride, padChannels } = node.attrs as unknown as {
    readonly stride: number;
    readonly padChannels: readonly [number, number];
  };
  const [before, after] = padChannels;
  const slice = [
    builder.nameOf(node.inputs["x"]!),
    builder.integers("starts", [0, 0]),
    builder.integers("ends", [2 ** 31 - 1, 2 ** 31 - 1]),
    builder.integers("axes", [2, 3]),
    builder.integers("steps", [stride, stride]),
  ];
  const pads = [0, before, 0, 0, 0, after, 0, 0];
  const sliced = builder.add("Slice", node, slice, {}, null);
  builder.add("Pad", node, [sliced, builder.integers("pads", pads)], {}, node.outputs["y"]!);
};

/** Functions of `unary` and `binary`, by name, that are operators of ONNX. */
const elementwise: Readonly<Record<string, string>> = {
  sigmoid: "Sigmoid",
  tanh: "Tanh",
  add: "Add",
  sub: "Sub",
  mul: "Mul",
  div: "Div",
};

function clip(node: GraphNode, builder: OnnxBuilder, least: number, most: number): void {
  const scalar = (name: string, value: number): string =>
    builder.operand(node, name, { shape: [], values: () => Float32Array.of(value) });
  const inputs = [builder.nameOf(node.inputs["x"]!), scalar("least", least), scalar("most", most)];
  builder.add("Clip", node, inputs, {}, node.outputs["y"]!);
}

const elementwiseFunction: OpExporter = (node, builder) => {
  const name = String(node.attrs["function"]);
  if (name === "relu6") {
    clip(node, builder, 0, 6);
    return;
  }
  const opType = elementwise[name];
  const operands = Object.values(node.inputs);
  if (!opType || node.attrs["scalar"] !== undefined) {
    const known = ["relu6", ...Object.keys(elementwise)].join(", ");
    throw new InteropError(
      "ERR_ONNX",
      `${name}${node.module ? ` in ${node.module}` : ""} cannot be exported: of the functions of each element, only ${known} of tensors can`,
    );
  }
  const inputs = operands.map((each) => builder.nameOf(each));
  builder.add(opType, node, inputs, {}, node.outputs["y"]!);
};

/** An axis of memory as ONNX counts it, whose images are `[N, C, H, W]`. */
const userAxis = ({ order }: Tensor, axis: number): number => order?.[axis] ?? axis;

const concat: OpExporter = (node, builder) => {
  const operands = Object.values(node.inputs);
  const axis = userAxis(operands[0]!, Number(node.attrs["axis"]));
  const inputs = operands.map((each) => builder.nameOf(each));
  builder.add("Concat", node, inputs, { axis }, node.outputs["y"]!);
};

const slice: OpExporter = (node, builder) => {
  const x = node.inputs["x"]!;
  const y = node.outputs["y"]!;
  const { starts, steps } = node.attrs as unknown as Record<"starts" | "steps", readonly number[]>;
  if (steps.some((step) => step < 0)) {
    throw new InteropError("ERR_ONNX", "a slice that goes backwards cannot be exported");
  }
  // The other axes stay whole, of the batch in any size.
  const cut = x.shape.flatMap((size, axis) => (size === y.shape[axis] ? [] : [axis]));
  const list = (name: string, of: (axis: number) => number): string =>
    builder.integers(name, cut.map(of));
  const operands = [
    list("starts", (axis) => starts[axis]!),
    list("ends", (axis) => starts[axis]! + (y.shape[axis]! - 1) * steps[axis]! + 1),
    list("axes", (axis) => userAxis(x, axis)),
    list("steps", (axis) => steps[axis]!),
  ];
  builder.add("Slice", node, [builder.nameOf(x), ...operands], {}, y);
};

/** The ops that can be exported, by name. */
export const opExporters: ReadonlyMap<string, OpExporter> = new Map<string, OpExporter>([
  ["conv2d", conv2d],
  ["batchNorm2d", batchNorm2d],
  ["relu", unary("Relu")],
  ["leakyRelu", unary("LeakyRelu", ({ attrs }) => ({ alpha: { float: Number(attrs["slope"]) } }))],
  ["add", add],
  ["maxPool2d", pool("MaxPool")],
  ["avgPool2d", pool("AveragePool", { count_include_pad: 1 })],
  ["adaptiveAvgPool2d", unary("GlobalAveragePool")],
  ["adaptiveMaxPool2d", unary("GlobalMaxPool")],
  ["flatten", unary("Flatten", () => ({ axis: 1 }))],
  ["linear", linear],
  ["subsample", subsample],
  ["unary", elementwiseFunction],
  ["binary", elementwiseFunction],
  ["concat", concat],
  ["slice", slice],
]);

/**
 * Weight and bias of a convolution that replaces a convolution and its batch norm:
 * `weight · s` and `(bias − mean) · s + shift`, where `s = scale / √(variance + eps)`.
 */
function foldBatchNorm(
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
