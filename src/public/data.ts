export { epochBatches, shuffleKey } from "../data/batches.js";
export { datasetInfo, listDatasets, type DatasetInfo } from "../data/dataset-info.js";
export type { Dataset, DatasetSplits } from "../data/dataset.js";
export { DataError } from "../data/data-error.js";
export { decodeImage, type ImageChannels } from "../data/images/decode-image.js";
export { loadDataset, type LoadDatasetOptions } from "../data/load-dataset.js";
export { splitRows } from "../data/split.js";
export { takeRows } from "../data/take-rows.js";
