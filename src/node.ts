export * from "./index.js";
export * from "./node/public/data.js";
export * from "./node/public/executors.js";
export * from "./node/public/interop.js";
export * from "./node/public/predict.js";
export * from "./node/public/report.js";
export * from "./node/public/train.js";
// The names that both have: those with files and run directories.
export { Classifier } from "./node/public/predict.js";
export { createSession, train } from "./node/public/train.js";
