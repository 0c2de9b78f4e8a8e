export * from "../../public/train.js";
export {
  Checkpoint,
  readCheckpoint,
  writeCheckpoint,
  type CheckpointDescription,
} from "../runs/checkpoint.js";
export { readFirstWeights, type FirstWeights } from "../../train/weights/first-weights.js";
export { RunDirectory, type RunSnapshot } from "../runs/run-directory.js";
export { streamingSource, type StreamingOptions } from "../../train/sources/streaming-source.js";
export { train, type TrainData, type TrainOptions, type TrainResult } from "../../train/train.js";
