import { z } from "zod";
import type { EpochMetrics } from "../epoch-metrics.js";

/** What a training is judged by after an epoch: losses are better when lower, accuracy when higher. */
export const watchedMetric = z.enum(["validLoss", "validAccuracy", "trainLoss"]);

export type WatchedMetric = z.output<typeof watchedMetric>;

/** The metric as a number that is better when lower. */
export const penaltyOf = (metrics: EpochMetrics, metric: WatchedMetric): number =>
  metric === "validAccuracy" ? -metrics.validAccuracy : metrics[metric];

/** Whether the last epoch is better than each before it. One that was not validated is not. */
export function isBest(epochs: readonly EpochMetrics[], metric: WatchedMetric): boolean {
  const penalties = epochs.map((metrics) => penaltyOf(metrics, metric));
  const last = penalties.pop() ?? NaN;
  return !Number.isNaN(last) && !penalties.some((penalty) => penalty <= last);
}
