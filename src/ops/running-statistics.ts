import { number } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import { UsageError } from "../tensor/error.js";
import { sizeOf } from "../tensor/shape.js";

/**
 * Moves running statistics towards those of a batch of `count` values for each channel, all `[C]`:
 * `new = old + momentum · (batch − old)`, with the unbiased variance `variance · count / (count − 1)`,
 * as PyTorch's `BatchNorm2d` does.
 */
export const runningStatisticsOp = defineOp({
  name: "runningStatistics",
  role: "update",
  meaning: "`old + momentum · (batch − old)`, with the batch's variance times `count/(count − 1)`",
  inputs: {
    runningMean: "f32 [C]",
    runningVariance: "f32 [C]",
    mean: "f32 [C]",
    variance: "f32 [C]",
  },
  outputs: {
    newMean: "f32 [C]",
    newVariance: "f32 [C]",
  },
  attrs: { momentum: number(), count: number({ least: 2 }) },
  inPlace: { newMean: ["runningMean"], newVariance: ["runningVariance"] },
  gradient: null,
  shape({ runningMean, runningVariance }, { count }) {
    if (count < 2) {
      throw new UsageError(
        "ERR_ATTRIBUTE",
        "batch norm needs more than one value per channel in training, but this batch has one (one image on a 1×1 map): " +
          "use a larger batch, or a number of images that does not leave a last batch of one",
      );
    }
    return { newMean: runningMean, newVariance: runningVariance };
  },
  flops: ({ mean }) => 7 * sizeOf(mean.shape),
  reference(
    { runningMean, runningVariance, mean, variance },
    { newMean, newVariance },
    { momentum, count },
  ) {
    const unbias = count / (count - 1);
    for (let i = 0; i < mean.data.length; i++) {
      newMean.data[i] = runningMean.data[i]! + momentum * (mean.data[i]! - runningMean.data[i]!);
      const old = runningVariance.data[i]!;
      newVariance.data[i] = old + momentum * (variance.data[i]! * unbias - old);
    }
  },
});
