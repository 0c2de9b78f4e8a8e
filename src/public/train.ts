export type {
  BatchSource,
  OpenView,
  BatchTensors,
  BatchTracer,
} from "../train/sources/batch-source.js";
export { residentSource, residentTracer } from "../train/sources/resident-source.js";
export {
  exportChunks,
  exportModel,
  tracePrediction,
  type ExportOptions,
} from "../checkpoint/export-model.js";
export {
  importWeights,
  type ImportOptions,
  type ImportedModel,
} from "../checkpoint/import-weights.js";
export { parseConfig, type TrainConfig, type TrainConfigInput } from "../train/config/config.js";
export { Checkpoint } from "../checkpoint/checkpoint.js";
export { checkpointMetadata, type CheckpointDescription } from "../checkpoint/description.js";
export { modelOf, type DescribedModel } from "../checkpoint/model-variant.js";
export {
  accuracyMetric,
  lossMetric,
  topKMetric,
  type EpochMetrics,
  type Metric,
  type MetricBatch,
} from "../train/metrics.js";
export { forward, type ForwardOptions } from "../train/forward.js";
export {
  Evaluator,
  evaluateViews,
  type EvaluateOptions,
  type Evaluation,
} from "../train/evaluate.js";
export { gradientNorms } from "../train/gradient-norms.js";
export {
  initialState,
  modelSource,
  readModelState,
  writeModelState,
} from "../checkpoint/model-state.js";
export { adam, adamw, type AdamOptions } from "../train/optimizers.js";
export type { Optimizer } from "../train/optimizers.js";
export { sgd, type SgdOptions } from "../train/optimizers.js";
export {
  lamb,
  lars,
  rmsprop,
  type LambOptions,
  type LarsOptions,
  type RmspropOptions,
} from "../train/more-optimizers.js";
export { ownOptimizer, type ParameterStep, type ParameterUpdate } from "../train/own-optimizer.js";
export { parameterGroups, type ParameterGroups } from "../train/parameter-groups.js";
export {
  findLearningRate,
  type LearningRateSearch,
  type LearningRateSearchOptions,
  type LearningRateTrial,
} from "../train/find-learning-rate.js";
export type { Precision } from "../program/precision.js";
export { findRecipe, recipes, type Recipe } from "../train/recipes.js";
export type { SampleScores } from "../train/scores.js";
export { createSchedule, type Schedule } from "../train/schedules/schedule.js";
export type { PlateauState } from "../train/schedules/plateau.js";
export type { ScheduleConfig } from "../train/schedules/schedule-config.js";
export type { Callback, StepProgress, TrainResult } from "../train/callbacks.js";
export type { Training } from "../train/training.js";
export { createSession, type CreateSessionOptions } from "../train/create-session.js";
export {
  bceWithLogits,
  crossEntropy,
  huberLoss,
  l1Loss,
  mseLoss,
  type CrossEntropy,
  type CrossEntropyOptions,
  type Loss,
  type LossOutputs,
  type Targets,
} from "../train/loss.js";
export type { ArrayBatch } from "../train/array-batch.js";
export type { ArrayEvaluation } from "../train/evaluate-arrays.js";
export { imageSet, type ImageSet, type ImageSetOptions } from "../train/image-set.js";
export { Session } from "../train/session.js";
export type { TrainingImages } from "../train/session-data.js";
export type {
  BatchResult,
  EpochOptions,
  SessionBatch,
  SessionOptions,
  StepScalars,
} from "../train/session-options.js";
export type { TrainProgress } from "../train/progress.js";
export { traceEvaluation, traceTrainStep, type TrainStepOptions } from "../train/step.js";
export { train, type TrainData, type TrainOptions } from "../train/train.js";
export type { FileOpener } from "../train/sources/image-sources.js";
