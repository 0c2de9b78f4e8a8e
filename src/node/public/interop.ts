export * from "../../public/interop.js";
export { openFile } from "../files/open-file.js";
export { readWeights } from "../interop/read-weights.js";
export { findPretrained, listPretrained } from "../../pretrained/find-pretrained.js";
export type { PretrainedWeights } from "../../pretrained/pretrained-weights.js";
export {
  fetchPretrained,
  loadPretrained,
  readPretrained,
  type FetchOptions,
  type PretrainedFile,
  type PretrainedOptions,
} from "../pretrained/pretrained.js";
