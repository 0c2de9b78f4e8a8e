export * from "../../public/report.js";
export { gradCamPicture } from "../report/grad-cam-picture.js";
export { imageOf, mistakeGrid, predictionGrid, type ScoredImages } from "../report/image-grid.js";
export { renderPng } from "../report/picture.js";
export { writeRunReport } from "../report/report-run.js";
