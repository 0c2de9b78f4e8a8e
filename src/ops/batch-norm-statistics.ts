import { defineOp, type Values } from "../graph/define-op.js";
import { dims4, sizeOf } from "../tensor/shape.js";

/**
 * Mean and biased variance of `x [H, W, N, C]` over H, W and N: `mean [C]`, `variance [C]`.
 *
 * Not differentiated by itself: that the statistics depend on x is part of `batchNorm2d`'s gradient.
 */
export const batchNormStatisticsOp = defineOp({
  name: "batchNormStatistics",
  role: "forward",
  meaning: "The mean and the biased variance over `[H, W, N]`",
  inputs: {
    x: "float [H, W, N, C]",
  },
  outputs: {
    mean: "f32 [C]",
    variance: "f32 [C]",
  },
  attrs: {},
  gradient: null,
  shape({ x }) {
    const [, , , c] = dims4(x, "batchNormStatistics");
    return { mean: { shape: [c], dtype: "f32" }, variance: { shape: [c], dtype: "f32" } };
  },
  flops: ({ x }) => 4 * sizeOf(x.shape),
  reference: ({ x }, { mean, variance }) => meanAndVariance(x, mean, variance),
});

/** Per-channel mean and biased variance of `x […, C]`, in two passes and double precision. */
export function meanAndVariance(x: Values, mean: Values, variance: Values): void {
  const c = mean.data.length;
  const count = x.data.length / c;
  const sums = new Float64Array(c);
  for (let i = 0; i < x.data.length; i++) sums[i % c]! += x.data[i]!;
  const means = sums.map((sum) => sum / count);
  const squares = new Float64Array(c);
  for (let i = 0; i < x.data.length; i++) squares[i % c]! += (x.data[i]! - means[i % c]!) ** 2;
  mean.data.set(means);
  variance.data.set(squares.map((sum) => sum / count));
}
