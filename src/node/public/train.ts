export * from "../../public/train.js";
export {
  Checkpoint,
  readCheckpoint,
  writeCheckpoint,
  type CheckpointDescription,
} from "../runs/checkpoint.js";
export { firstWeights, readFirstWeights, type FirstWeights } from "../runs/first-weights.js";
export { RunDirectory, type RunSnapshot } from "../runs/run-directory.js";
export { SaveRun } from "../runs/save-run.js";
export { ReportRun } from "../report/report-run.js";
export { imageFileOpener, type FileReading } from "../train/image-file-opener.js";
export { createSession, type NodeSessionOptions } from "../train/create-session.js";
export { save } from "../train/save.js";
export { train, type NodeTrainOptions } from "../train/train.js";
