export { imageNetClasses } from "../data/catalog/imagenet.js";
export { features, type Features } from "../predict/features.js";
export { nearest, type Neighbour } from "../predict/nearest.js";
export { predict, type ClassProbability, type Prediction } from "../predict/predict.js";
