import type { LabelledImages } from "../data/labelled-images.js";
import { channelStatisticsOf } from "../data/loader/channel-statistics-of.js";
import type { TrainConfig } from "../train/config.js";
import type { Output } from "./output.js";

/** The same configuration, normalised by the mean and deviation of its own training images. */
export async function normaliseFromData(
  config: TrainConfig,
  train: LabelledImages,
  workers: number | undefined,
  output: Output,
): Promise<TrainConfig> {
  const channels = config.normalise.mean.length === 1 ? 1 : 3;
  const normalise = await channelStatisticsOf(train, config.transforms.eval, channels, workers);
  const list = (values: readonly number[]): string => values.join(", ");
  output.say(`normalised by mean ${list(normalise.mean)} and deviation ${list(normalise.std)}`);
  return { ...config, normalise };
}
