export { BasicBlock, Bottleneck } from "../models/blocks.js";
export { createModel, models, type ModelOptions } from "../models/catalog.js";
export {
  resnet101,
  resnet152,
  resnet18,
  resnet34,
  resnet50,
  ResNet,
  type ResNetDepth,
  type ResNetOptions,
} from "../models/resnet.js";
