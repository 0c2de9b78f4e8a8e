export * from "../../public/data.js";
export { decodeImage, type ImageChannels } from "../data/images/decode-image.js";
export { readImageFolder } from "../data/images/image-folder.js";
export { defaultWorkers, ImageWorkers } from "../data/loader/image-workers.js";
export { readableFiles, type ReadableFiles } from "../data/loader/read-folder.js";
export { loadDataset, type LoadDatasetOptions } from "../data/load-dataset.js";
export { loadParts, type DataParts, type LoadPartsOptions } from "../data/load-parts.js";
export { readImageCsv } from "../data/images/image-csv.js";
