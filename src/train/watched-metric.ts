import { z } from "zod";
import type { EpochMetrics } from "./epoch-metrics.js";

/** What a training is judged by after an epoch: losses are better when lower, accuracy when higher. */
export const watchedMetric = z.enum(["validLoss", "validAccuracy", "trainLoss"]);

export type WatchedMetric = z.output<typeof watchedMetric>;

/** The metric as a number that is better when lower. */
export const penaltyOf = (metrics: EpochMetrics, metric: WatchedMetric): number =>
  metric === "validAccuracy" ? -metrics.validAccuracy : metrics[metric];
