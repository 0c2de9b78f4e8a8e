export {
  classificationReport,
  formatClassificationReport,
  type ClassificationReport,
} from "../report/classification-report.js";
export { confusionChart } from "../report/confusion-chart.js";
export { confusionMatrix, type ConfusionMatrix } from "../report/confusion-matrix.js";
export { lineChart, type LineChart } from "../report/line-chart.js";
export {
  formatSummary,
  outputShapes,
  summarize,
  type ModelSummary,
  type SummaryOptions,
} from "../report/model-summary.js";
export { calibrationChart, precisionRecallChart, rocChart } from "../report/probability-charts.js";
export {
  calibration,
  precisionRecallCurves,
  rocCurves,
  type Calibration,
  type CalibrationBin,
  type ClassProbabilities,
  type ThresholdCurve,
} from "../report/probability-curves.js";
export {
  accuracyChart,
  errorChart,
  gradientChart,
  learningRateChart,
  learningRateSearchChart,
  lossChart,
  type AccuracyPoint,
  type ChartWords,
} from "../report/training-charts.js";
export { trainingMemory, type TrainingMemory } from "../report/training-memory.js";
