export { epochBatches, shuffleKey } from "../data/batches.js";
export { countLabels, balancedClassWeights, balancedRows } from "../data/labels.js";
export { datasetInfo, listDatasets } from "../data/dataset-info.js";
export type {
  DatasetArchive,
  DatasetFile,
  DatasetForm,
  DatasetInfo,
  Digest,
} from "../data/catalog/dataset-entry.js";
export { type Dataset, type DatasetSplits, takeRows } from "../data/dataset.js";
export { DataError } from "../data/data-error.js";
export type { ImageFiles, LabelledImages } from "../data/image-files.js";
export type { ImageFolder, ImageParts } from "../data/image-parts.js";
export type { PartSizes } from "../data/folder-parts.js";
export { datasetOfArrays, type LabelledArrays } from "../data/dataset-of-arrays.js";
export { fractionSizes, splitRows, type SplitOptions } from "../data/split.js";
export {
  composeTransforms,
  transformedShape,
  type ImageTransform,
  splitTransforms,
  type TransformParts,
  transformDataset,
} from "../data/transforms/compose-transforms.js";
export { foldIn, sampleKey } from "../data/transforms/draws.js";
export type { ImageBytes, ImageShape, ImageSize } from "../data/transforms/image-bytes.js";
export { oneView, viewsOf, type TestViews } from "../data/transforms/test-views.js";
export { formatTransforms, parseTransforms } from "../data/transforms/transform-text.js";
export {
  transformSchema,
  type Transform,
  type TransformInput,
  type TransformList,
} from "../data/transforms/transform.js";
export { ChannelCounts, type ChannelStatistics } from "../data/channel-statistics.js";
export { datasetStatistics } from "../data/channel-statistics.js";
