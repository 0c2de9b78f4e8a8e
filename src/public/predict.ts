export { imageNetClasses } from "../data/catalog/imagenet-classes.js";
export { findImages } from "../node/data/images/find-images.js";
export { Classifier, type PictureOptions } from "../predict/classifier.js";
export { features, type Features } from "../predict/features.js";
export { gradCam, type GradCam, type GradCamOptions } from "../predict/grad-cam.js";
export { nearest, type Neighbour } from "../predict/nearest.js";
export { predict, type ClassProbability, type Prediction } from "../predict/predict.js";
