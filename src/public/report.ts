export {
  classificationReport,
  formatClassificationReport,
  type ClassificationReport,
} from "../report/classification-report.js";
export { confusionChart } from "../report/confusion-chart.js";
export { confusionMatrix, type ConfusionMatrix } from "../report/confusion-matrix.js";
export { Figure } from "../report/figure.js";
export { lineChart, type LineChart } from "../report/line-chart.js";
export { liveChart, type LiveChartOptions } from "../report/live-chart.js";
export { isNotebook, LiveDisplay, type Broadcast } from "../report/live-display.js";
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
  type LossChartOptions,
} from "../report/training-charts.js";
export { trainingMemory, type TrainingMemory } from "../report/training-memory.js";
