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
} from "../train/weights/export-model.js";
export {
  importWeights,
  type ImportOptions,
  type ImportedModel,
} from "../train/weights/import-weights.js";
export { parseConfig, type TrainConfig, type TrainConfigInput } from "../train/config/config.js";
export { modelOf, type DescribedModel } from "../train/config/model-variant.js";
export type { EpochMetrics } from "../train/epoch-metrics.js";
export { forward, type ForwardOptions } from "../train/forward.js";
export { createEvaluator, evaluateViews, type Evaluation } from "../train/evaluate.js";
export { gradientNorms } from "../train/steps/gradient-norms.js";
export {
  initialState,
  modelSource,
  readModelState,
  writeModelState,
  type ModelState,
} from "../train/weights/model-state.js";
export { adam, adamw, type AdamOptions } from "../train/optimizers/adam.js";
export type { Optimizer } from "../train/optimizers/optimizer.js";
export { sgd, type SgdOptions } from "../train/optimizers/sgd.js";
export { parameterGroups, type ParameterGroups } from "../train/steps/parameter-groups.js";
export {
  findLearningRate,
  type LearningRateSearch,
  type LearningRateSearchOptions,
  type LearningRateTrial,
} from "../train/find-learning-rate.js";
export type { Precision } from "../train/config/precision.js";
export { findRecipe, recipes, type Recipe } from "../train/recipes.js";
export { topAccuracy, type SampleScores } from "../train/sample-scores.js";
export { createSchedule, type Schedule } from "../train/schedules/schedule.js";
export type { PlateauState } from "../train/schedules/plateau.js";
export type { ScheduleConfig } from "../train/schedules/schedule-config.js";
export {
  trainLoop,
  type StepProgress,
  type TrainEvent,
  type Training,
  type TrainLoopOptions,
} from "../train/train-loop.js";
export type { EpochSums, TrainProgress } from "../train/train-progress.js";
export {
  traceEvaluation,
  traceTrainStep,
  type TrainStepOptions,
} from "../train/steps/train-step.js";
export { RunningMean } from "../train/running-mean.js";
export { Timer } from "../train/timer.js";
