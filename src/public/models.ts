export { averagedProjection } from "../models/averaged-projection.js";
export type { Block, BlockFactory, BlockOptions, BlockPlace } from "../models/block.js";
export {
  BasicBlock,
  basicBlocks,
  type BasicBlockOptions,
  Bottleneck,
  bottlenecks,
  type BottleneckOptions,
} from "../models/blocks.js";
export {
  createModel,
  models,
  defaultInput,
  type ModelFactory,
  type ModelOptions,
  type ModelSize,
  type DefaultInput,
  type VariantOptions,
} from "../models/catalog.js";
export {
  EfficientChannelAttention,
  efficientChannelAttention,
} from "../models/channel-attention.js";
export { CifarBlock, cifarBlocks, type CifarBlockOptions } from "../models/cifar-block.js";
export {
  cifarPlain,
  cifarResnet,
  CifarResNet,
  type CifarResNetOptions,
} from "../models/cifar-resnet.js";
export { ConvBNLayer, type ConvBNOptions } from "../models/conv-bn-layer.js";
export {
  BottleneckBlock,
  convBNResnet101,
  convBNResnet152,
  convBNResnet50,
  ConvBNResNet,
} from "../models/conv-bn-resnet.js";
export {
  d2lResnet18,
  Residual,
  resnetBlock,
  type D2lOptions,
  type ResidualOptions,
  type ResnetBlockOptions,
} from "../models/d2l-resnet.js";
export {
  DenseNet,
  densenet121,
  densenet161,
  densenet169,
  densenet201,
} from "../models/densenet.js";
export type { FourStages } from "../models/depths.js";
export { MobileNetV2, mobilenet_v2, type MobileNetV2Options } from "../models/mobilenet-v2.js";
export type { ImageNetOptions, NetworkOptions } from "../models/network-options.js";
export { PlainBlock, plainBlocks } from "../models/plain-block.js";
export {
  PreActBlock,
  preActBlocks,
  PreActBottleneck,
  type PreActOptions,
} from "../models/preact-blocks.js";
export {
  preactResnet101,
  preactResnet152,
  preactResnet18,
  preactResnet34,
  preactResnet50,
  PreActResNet,
  type PreActResNetOptions,
} from "../models/preact-resnet.js";
export {
  Bottle2neck,
  res2net101_26w_4s,
  res2net50_14w_8s,
  res2net50_26w_4s,
  res2net50_26w_6s,
  res2net50_26w_8s,
  res2net50_48w_2s,
  type Bottle2neckOptions,
} from "../models/res2net.js";
export type { ResidualParts } from "../models/residual-parts.js";
export * from "../models/resnet-variants.js";
export {
  plain18,
  plain34,
  resnet101,
  resnet152,
  resnet18,
  resnet34,
  resnet50,
  ResNet,
  resnext101_32x8d,
  resnext101_64x4d,
  resnext50_32x4d,
  wide_resnet101_2,
  wide_resnet50_2,
  type BottleneckNetOptions,
  type ResNetOptions,
} from "../models/resnet.js";
export { makeStages } from "../models/stages.js";
export {
  ResNetV2,
  resnetv2_101,
  resnetv2_152,
  resnetv2_18,
  resnetv2_34,
  resnetv2_50,
} from "../models/resnet-v2.js";
export { SqueezeExcite, squeezeExcite } from "../models/squeeze-excite.js";
export {
  blurredStem,
  cifarStem,
  convolvedStem,
  deepStem,
  imageNetStem,
  type Stem,
  type StemFactory,
} from "../models/stems.js";
