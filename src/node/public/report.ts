export * from "../../public/report.js";
export { heatPicture, type HeatMap } from "../report/heat-picture.js";
export { imageOf, mistakeGrid, predictionGrid, type ScoredImages } from "../report/image-grid.js";
export { renderPng } from "../report/picture.js";
export { writeRunReport } from "../report/report-run.js";
