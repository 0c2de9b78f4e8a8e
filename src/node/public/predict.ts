export * from "../../public/predict.js";
export { findImages } from "../data/images/find-images.js";
export { Classifier } from "../predict/classifier.js";
