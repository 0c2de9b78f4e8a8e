import { graphOf, type Graph } from "../graph/graph.js";
import { input } from "../graph/tensor.js";
import { joinChunks } from "../interop/byte-source.js";
import { chunksOfOnnx } from "../interop/onnx/write-onnx.js";
import type { StoredArray } from "../interop/stored-array.js";
import { torchChunks } from "../interop/torch/write-torch.js";
import { safetensorsChunks, sourceOf } from "../interop/write-safetensors.js";
import { namedState, type Module } from "../nn/module.js";
import { traceModule } from "../nn/trace-module.js";
import type { CheckpointDescription } from "./description.js";
import { checkModelState } from "./model-state.js";
import { formatTransforms } from "../data/transforms/transform-text.js";
import { modelOf } from "./model-variant.js";

/** The graph of a prediction, as it is traced: `images` `[H, W, 1, C]`, normalized, to `logits` `[1, classes]`. */
export function tracePrediction(
  model: Module,
  [height, width, channels]: readonly [number, number, number],
): Graph {
  const images = input("images", [height, width, 1, channels]);
  const { result } = traceModule(model, false, () => model.call(images));
  return graphOf({ logits: result });
}

/** Formats that a checkpoint can be written in, by the name that commands use. */
export const exportFormats = ["onnx", "safetensors", "pytorch"] as const;

export interface ExportOptions {
  readonly format: (typeof exportFormats)[number];
  /** ONNX: whether batch norms behind convolutions become part of these. Default true. */
  readonly fold?: boolean;
  /** A network of one's own that the weights are of. Default: the catalogue's, as the description says. */
  readonly model?: Module;
}

/**
 * A checkpoint's network in the format of another program: ONNX, as `writeOnnx`, or the state_dict under the model's
 * names as safetensors or as `torch.save` writes it.
 *
 * ONNX's metadata has `model`, and as JSON `modelOptions` (where there are any), `classes`, `mean` and `std`: the
 * images that it takes are pixels scaled to 0 … 1, less the mean, over the deviation. `transforms`, where there are
 * any, is what is done to a picture before, in a line.
 *
 * @param tensors weights and running statistics in PyTorch's layout, with `num_batches_tracked` where there is one
 * @throws {ResnetError} `ERR_CHECKPOINT` if they are not those of the model
 * @throws {InteropError} `ERR_ONNX`, `ERR_TORCH_WRITE`, `ERR_SAFETENSORS_WRITE`; `ERR_FILE_SIZE` from 2 GiB on as
 *   ONNX, from 4 GiB on for PyTorch
 */
export const exportModel = async (
  description: CheckpointDescription,
  tensors: ReadonlyMap<string, StoredArray>,
  options: ExportOptions,
): Promise<Uint8Array> => joinChunks(exportChunks(description, tensors, options));

/** The same bytes piece by piece: those of the tensors are in memory once. Throws before the first piece. */
export function exportChunks(
  description: CheckpointDescription,
  tensors: ReadonlyMap<string, StoredArray>,
  { format, fold = true, ...options }: ExportOptions,
): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  const model = options.model ?? modelOf(description);
  checkModelState(model, tensors);
  if (format !== "onnx") {
    const ordered = inTorchOrder(model, tensors);
    return format === "pytorch"
      ? torchChunks(sourceOf(ordered))
      : safetensorsChunks(sourceOf(ordered), { format: "pt" });
  }
  const { model: name, modelOptions, classes, imageShape, transforms, normalize } = description;
  const metadata = {
    model: name,
    ...(modelOptions && { modelOptions: JSON.stringify(modelOptions) }),
    classes: JSON.stringify(classes),
    mean: JSON.stringify(normalize.mean),
    std: JSON.stringify(normalize.std),
    ...(transforms && { transforms: formatTransforms(transforms) }),
  };
  return chunksOfOnnx(tracePrediction(model, imageShape), tensors, { name, fold, metadata });
}

/** As a module of PyTorch lists its state: the counter of a batch norm comes behind its statistics. */
function inTorchOrder(
  model: Module,
  tensors: ReadonlyMap<string, StoredArray>,
): ReadonlyMap<string, StoredArray> {
  const names = [...namedState(model).keys()].flatMap((name) => {
    const counter = name.replace(/running_var$/, "num_batches_tracked");
    return counter !== name && tensors.has(counter) ? [name, counter] : [name];
  });
  return new Map(names.map((name) => [name, tensors.get(name)!]));
}
