import type { Graph } from "../../graph/graph.js";
import { InteropError } from "../interop-error.js";
import { joinChunks } from "../byte-source.js";
import { OnnxBuilder, type OnnxWeights } from "./onnx-builder.js";
import { onnxChunks } from "./onnx-messages.js";
import { opExporters } from "./op-exporters.js";

export interface OnnxOptions {
  /** The graph's name in the file. */
  readonly name: string;
  /** Whether batch norms behind convolutions become part of these. */
  readonly fold: boolean;
  /** Text to go with the network, under names of its own. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * A network as an ONNX file (opset 17): `images` f32 `[batch, C, H, W]` to `logits` f32 `[batch, classes]`, where
 * the batch is of any size.
 *
 * @param graph an evaluation as it was traced, from one input `images` to one output `logits`
 * @param weights every parameter and running statistic, in PyTorch's layout
 * @throws {InteropError} `ERR_ONNX` for an op that has no counterpart, and where values are missing; `ERR_FILE_SIZE`
 *   for a network of 2 GiB or more
 */
export const writeOnnx = async (
  graph: Graph,
  weights: OnnxWeights,
  options: OnnxOptions,
): Promise<Uint8Array> => joinChunks(chunksOfOnnx(graph, weights, options));

/** The same bytes piece by piece. Throws before the first piece is asked for, or not at all. */
export function chunksOfOnnx(
  graph: Graph,
  weights: OnnxWeights,
  options: OnnxOptions,
): Iterable<Uint8Array> {
  const builder = new OnnxBuilder(graph, weights);
  for (const node of graph.nodes) {
    const exporter = opExporters.get(node.op.name);
    if (!exporter) {
      const names = [...opExporters.keys()].join(", ");
      throw new InteropError(
        "ERR_ONNX",
        `${node.module}: the op ${node.op.name} cannot be exported, only ${names}`,
      );
    }
    exporter(node, builder, options.fold);
  }
  const [input] = [...graph.leaves].filter(([leaf]) => leaf.kind === "input").map(([leaf]) => leaf);
  const { logits } = graph.outputs;
  if (!input || !logits) throw new InteropError("ERR_ONNX", "the graph has no images or no logits");
  const [h, w, , c] = input.shape;
  return onnxChunks({
    name: options.name,
    nodes: builder.nodes,
    initializers: builder.initializers,
    input: { name: builder.nameOf(input), shape: ["batch", c!, h!, w!] },
    output: { name: builder.nameOf(logits), shape: ["batch", logits.shape[1]!] },
    metadata: options.metadata ?? {},
  });
}
