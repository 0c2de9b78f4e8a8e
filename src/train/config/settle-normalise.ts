import type { LabelledImages } from "../../data/labelled-images.js";
import { channelStatisticsOf } from "../../node/data/loader/channel-statistics-of.js";
import type { TrainConfig } from "./config.js";

/**
 * The configuration with the mean and deviation of its own training images, if it asks for them: as evaluation sees
 * these images, without augmentation.
 *
 * @param workers threads that decode files; undefined takes the default
 * @throws {DataError} the codes of `channelStatisticsOf`
 */
export async function settleNormalise(
  config: TrainConfig,
  train: LabelledImages,
  workers?: number,
): Promise<TrainConfig> {
  if (!config.normaliseFromData) return config;
  const channels = config.normalise.mean.length === 1 ? 1 : 3;
  const normalise = await channelStatisticsOf(train, config.transforms.eval, channels, workers);
  return { ...config, normalise, normaliseFromData: false };
}
