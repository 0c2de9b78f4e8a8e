export {
  GELU,
  HardSigmoid,
  HardSwish,
  ReLU6,
  Sigmoid,
  SiLU,
  Softmax,
  Softplus,
  Tanh,
} from "../nn/activations.js";
export { BatchNorm2d, type BatchNorm2dOptions } from "../nn/batch-norm2d.js";
export { BlurPool2d } from "../nn/blur-pool2d.js";
export { Conv2d, type Conv2dOptions } from "../nn/conv2d.js";
export { ConvTranspose2d, type ConvTranspose2dOptions } from "../nn/conv-transpose2d.js";
export { Dropout } from "../nn/dropout.js";
export { Flatten } from "../nn/flatten.js";
export { GroupNorm, type GroupNormOptions } from "../nn/group-norm.js";
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
export { LayerNorm, LayerNorm2d, type LayerNormOptions } from "../nn/layer-norm.js";
export { LeakyReLU } from "../nn/leaky-relu.js";
export { Linear, type LinearOptions } from "../nn/linear.js";
export type { LoadOptions, ModelState, StateDifferences } from "../nn/state-dict.js";
export { type AnyModule, Module, namedModules, namedParameters, namedState } from "../nn/module.js";
export { ModuleDict } from "../nn/module-dict.js";
export { ModuleState, Parameter } from "../nn/parameter.js";
export { Permute } from "../nn/permute.js";
export { AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, MaxPool2d } from "../nn/pooling.js";
export { ReLU } from "../nn/relu.js";
export { Sequential } from "../nn/sequential.js";
export { StochasticDepth } from "../nn/stochastic-depth.js";
export { Subsample } from "../nn/subsample.js";
export { traceModule } from "../nn/trace-module.js";
export { Upsample } from "../nn/upsample.js";
