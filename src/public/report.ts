export { accuracyChart, type AccuracyPoint } from "../report/accuracy-chart.js";
export {
  classificationReport,
  type ClassificationReport,
} from "../report/classification-report.js";
export { errorChart, gradientChart } from "../report/comparison-charts.js";
export { confusionChart } from "../report/confusion-chart.js";
export { confusionMatrix, type ConfusionMatrix } from "../report/confusion-matrix.js";
export { formatClassificationReport } from "../report/format-classification-report.js";
export { heatPicture, type HeatMap } from "../node/report/heat-picture.js";
export { imageOf } from "../node/report/image-grid.js";
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
export { mistakeGrid, predictionGrid, type ScoredImages } from "../node/report/prediction-grid.js";
export { renderPng } from "../node/report/render-png.js";
export { trainingMemory, type TrainingMemory } from "../report/training-memory.js";
export { writeRunReport } from "../node/report/write-run-report.js";
