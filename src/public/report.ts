export { accuracyChart, type AccuracyPoint } from "../report/accuracy-chart.js";
export {
  classificationReport,
  type ClassificationReport,
} from "../report/classification-report.js";
export { errorChart, gradientChart } from "../report/comparison-charts.js";
export { confusionChart } from "../report/confusion-chart.js";
export { confusionMatrix, type ConfusionMatrix } from "../report/confusion-matrix.js";
export { formatClassificationReport } from "../report/format-classification-report.js";
export { learningRateChart } from "../report/learning-rate-chart.js";
export { learningRateSearchChart } from "../report/learning-rate-search-chart.js";
export { lineChart, type LineChart } from "../report/line-chart.js";
export { lossChart } from "../report/loss-chart.js";
export { formatSummary } from "../report/format-summary.js";
export {
  outputShapes,
  summarize,
  type ModelSummary,
  type SummaryOptions,
} from "../report/model-summary.js";
export { trainingMemory, type TrainingMemory } from "../report/training-memory.js";
