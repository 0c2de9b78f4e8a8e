export * from "../../public/predict.js";
export { findImages } from "../data/images/find-images.js";
export { Classifier, type PictureOptions } from "../../predict/classifier.js";
export { gradCam, type GradCam, type GradCamOptions } from "../../predict/grad-cam.js";
export type { Picture, Pixels } from "../../predict/picture.js";
