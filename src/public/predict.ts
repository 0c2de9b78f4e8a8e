export { imageNetClasses } from "../data/catalog/imagenet.js";
export { Classifier, type ClassifierOptions, type PictureOptions } from "../predict/classifier.js";
export { features, type Features } from "../predict/features.js";
export { gradCam, type GradCam, type GradCamOptions } from "../predict/grad-cam.js";
export { nearest, type Neighbour } from "../predict/nearest.js";
export type { ImageDecoder, Picture, Pixels } from "../predict/picture.js";
export { predict, type ClassProbability, type Prediction } from "../predict/predict.js";
