import { datasetStatistics } from "../../data/channel-statistics.js";
import { type LabelledImages, isInFiles } from "../../data/image-files.js";
import { channelsOf, requireFiles, type FileOpener } from "../sources/image-sources.js";
import type { TrainConfig } from "./config.js";

/**
 * The configuration with the mean and deviation of its training images, if it asks for them (`normalizeFromData`): those
 * of the images as evaluation sees them, without augmentation.
 *
 * @param files opens images that are in files
 * @throws {DataError} if an image cannot be read
 */
export async function resolveNormalization(
  config: TrainConfig,
  images: LabelledImages,
  files?: FileOpener,
): Promise<TrainConfig> {
  if (!config.normalizeFromData) return config;
  const transforms = config.transforms.eval;
  const normalize = isInFiles(images)
    ? await requireFiles(files, images).statistics(images, transforms, channelsOf(config.normalize))
    : await datasetStatistics(images, transforms);
  return { ...config, normalize, normalizeFromData: false };
}
