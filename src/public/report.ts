export { accuracyChart } from "../report/accuracy-chart.js";
export {
  classificationReport,
  type ClassificationReport,
} from "../report/classification-report.js";
export { confusionChart } from "../report/confusion-chart.js";
export { confusionMatrix, type ConfusionMatrix } from "../report/confusion-matrix.js";
export { formatClassificationReport } from "../report/format-classification-report.js";
export { lossChart } from "../report/loss-chart.js";
export {
  formatSummary,
  outputShapes,
  summarize,
  type ModelSummary,
} from "../report/model-summary.js";
export { writeRunReport } from "../report/write-run-report.js";
