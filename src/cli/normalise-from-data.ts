import { channelStatisticsOf } from "../data/loader/channel-statistics-of.js";
import type { Output } from "./output.js";
import type { TrainJob } from "./train-job.js";

/** The same training, normalised by the mean and deviation of its own training images. */
export async function normaliseFromData(
  job: TrainJob,
  workers: number | undefined,
  output: Output,
): Promise<TrainJob> {
  const { config, description, parts } = job;
  const channels = config.normalise.mean.length === 1 ? 1 : 3;
  const { eval: transforms } = config.transforms;
  const normalise = await channelStatisticsOf(parts.train, transforms, channels, workers);
  const list = (values: readonly number[]): string => values.join(", ");
  output.say(`normalised by mean ${list(normalise.mean)} and deviation ${list(normalise.std)}`);
  return {
    ...job,
    config: { ...config, normalise },
    description: { ...description, normalise },
  };
}
