export { BatchNorm2d, type BatchNorm2dOptions } from "../nn/batch-norm2d.js";
export { BlurPool2d } from "../nn/blur-pool2d.js";
export { Conv2d, type Conv2dOptions } from "../nn/conv2d.js";
export { Dropout } from "../nn/dropout.js";
export { Flatten } from "../nn/flatten.js";
export { Identity } from "../nn/identity.js";
export {
  constantInit,
  kaimingNormal,
  kaimingUniform,
  normalInit,
  orthogonal,
  torchDefault,
  torchDefaultBias,
  truncNormal,
  uniformInit,
  xavierNormal,
  xavierUniform,
  type KaimingOptions,
  type Initializer,
} from "../nn/initializers.js";
export { LeakyReLU } from "../nn/leaky-relu.js";
export { Linear, type LinearOptions } from "../nn/linear.js";
export type { LoadOptions, ModelState, StateDifferences } from "../nn/state-dict.js";
export { Module, namedModules, namedParameters, namedState } from "../nn/module.js";
export { ModuleState, Parameter } from "../nn/parameter.js";
export { AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, MaxPool2d } from "../nn/pooling.js";
export { ReLU } from "../nn/relu.js";
export { Sequential } from "../nn/sequential.js";
export { StochasticDepth } from "../nn/stochastic-depth.js";
export { Subsample } from "../nn/subsample.js";
export { traceModule } from "../nn/trace-module.js";
