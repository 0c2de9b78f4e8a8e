import type { ModuleCall } from "../graph/trace.js";
import type { Tensor } from "../graph/tensor.js";
import { Linear } from "../nn/linear.js";
import { UsageError } from "../tensor/error.js";
import { didYouMean } from "../tensor/did-you-mean.js";

/**
 * The output of a layer, by the path that it has in checkpoints and summaries: `layer3.1.conv2`.
 *
 * @throws {ResnetError} `ERR_LAYER` if no layer has that path; names those that the path may have meant
 */
export function outputOf(calls: readonly ModuleCall[], path: string): Tensor {
  const call = calls.findLast((each) => each.path === path);
  if (call) return call.output;
  const paths = calls.map((each) => each.path).filter((each) => each !== "");
  const [start = ""] = path.split(".");
  const near = paths.filter((each) => each.startsWith(`${start}.`) || each === start);
  const some = near.length > 0 ? near : paths.filter((each) => !each.includes("."));
  const likely = didYouMean(path, paths);
  throw new UsageError(
    "ERR_LAYER",
    `no layer is named "${path}"${likely}; there are: ${some.join(", ")}`,
  );
}

/** The input of the last linear layer, the classifier: `[N, features]`. */
export function embeddingOf(calls: readonly ModuleCall[]): Tensor {
  const head = calls.findLast(({ module }) => module instanceof Linear);
  const embedding = head?.output.node?.inputs["x"];
  if (embedding) return embedding;
  throw new UsageError("ERR_LAYER", "the model has no linear layer, whose input is the embedding");
}

/** The last of the outermost layers whose output is a map, `[H, W, N, C]`, of more than one pixel if there is such. */
export function lastMapOf(calls: readonly ModuleCall[]): string {
  const maps = calls.filter(
    ({ path, output }) => path !== "" && !path.includes(".") && output.shape.length === 4,
  );
  const found = maps.findLast(({ output: { shape } }) => shape[0]! * shape[1]! > 1) ?? maps.at(-1);
  if (found) return found.path;
  throw new UsageError("ERR_LAYER", "no layer of the model gives a map");
}
