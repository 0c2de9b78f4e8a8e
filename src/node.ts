export * from "./index.js";
export * from "./node/public/data.js";
export * from "./node/public/executors.js";
export * from "./node/public/interop.js";
export * from "./node/public/predict.js";
export * from "./node/public/report.js";
export * from "./node/public/train.js";
// Of the two functions of this name, the one with files and run directories.
export { train } from "./node/public/train.js";
