export { epochBatches, shuffleKey } from "../data/batches.js";
export { countLabels } from "../data/count-labels.js";
export { datasetInfo, listDatasets } from "../data/dataset-info.js";
export type {
  DatasetArchive,
  DatasetFile,
  DatasetForm,
  DatasetInfo,
  Digest,
} from "../data/catalog/dataset-entry.js";
export type { Dataset, DatasetSplits } from "../data/dataset.js";
export { DataError } from "../data/data-error.js";
export type { ImageFiles } from "../data/image-files.js";
export type { ImageFolder, ImageParts } from "../data/image-parts.js";
export type { LabelledImages } from "../data/labelled-images.js";
export type { PartSizes } from "../data/part-sizes.js";
export { datasetOfArrays, type LabelledArrays } from "../data/dataset-of-arrays.js";
export { balancedClassWeights, balancedRows } from "../data/class-balance.js";
export { fractionSizes, splitRows, type SplitOptions } from "../data/split.js";
export { takeRows } from "../data/take-rows.js";
export {
  composeTransforms,
  transformedShape,
  type ImageTransform,
} from "../data/transforms/compose-transforms.js";
export { foldIn, sampleKey } from "../data/transforms/draws.js";
export type { ImageBytes, ImageShape, ImageSize } from "../data/transforms/image-bytes.js";
export { oneView, viewsOf, type TestViews } from "../data/transforms/test-views.js";
export { splitTransforms, type TransformParts } from "../data/transforms/split-transforms.js";
export { transformDataset } from "../data/transforms/transform-dataset.js";
export { formatTransforms, parseTransforms } from "../data/transforms/transform-text.js";
export {
  transformSchema,
  type Transform,
  type TransformInput,
  type TransformList,
} from "../data/transforms/transform.js";
export { ChannelCounts, type ChannelStatistics } from "../data/channel-statistics.js";
export { datasetStatistics } from "../data/channel-statistics.js";
