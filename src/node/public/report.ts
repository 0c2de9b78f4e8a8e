export * from "../../public/report.js";
export { heatPicture, type HeatMap } from "../report/heat-picture.js";
export { imageOf } from "../report/image-grid.js";
export { mistakeGrid, predictionGrid, type ScoredImages } from "../report/prediction-grid.js";
export { renderPng } from "../report/render-png.js";
export { writeRunReport } from "../report/write-run-report.js";
