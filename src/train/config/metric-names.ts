import { z } from "zod";

/** A metric that a configuration can ask for. */
export const metricName = z
  .string()
  .regex(/^top[1-9]\d*$/, 'must be "top" and a number, such as "top5"');

/** Name of a metric of an epoch, as in `metrics.jsonl`. Whether it exists is checked when the training starts. */
export const watchedMetric = z
  .string()
  .regex(
    /^(train|valid)[A-Z]\w*$/,
    "must name a metric of an epoch, such as validLoss, validAccuracy or trainLoss",
  );
