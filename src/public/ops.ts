export { shapeOf, type Operand } from "../functional/axes.js";
export {
  arange,
  Constant,
  full,
  ones,
  rand,
  randn,
  tensor,
  zeros,
  type Nested,
  type RandomOptions,
} from "../functional/constants.js";
export {
  abs,
  add,
  clamp,
  cos,
  div,
  equal,
  erf,
  exp,
  expm1,
  gelu,
  greater,
  greaterEqual,
  hardSigmoid,
  hardSwish,
  less,
  lessEqual,
  log,
  log1p,
  maximum,
  minimum,
  mul,
  neg,
  notEqual,
  pow,
  reciprocal,
  relu6,
  rsqrt,
  sigmoid,
  sign,
  silu,
  sin,
  softplus,
  sqrt,
  square,
  sub,
  tanh,
  where,
  type ClampOptions,
  type GeluOptions,
  type SoftplusOptions,
} from "../functional/elementwise.js";
export {
  conv2d,
  convTranspose2d,
  type ConvolutionOptions,
  type ConvTransposeOptions,
} from "../functional/convolution.js";
export { type PerAxis } from "../functional/per-axis.js";
export {
  adaptiveAvgPool2d,
  avgPool2d,
  maxPool2d,
  type AvgPoolingOptions,
  type PoolingOptions,
} from "../functional/pooling.js";
export { groupNorm, layerNorm, type AffineOptions } from "../functional/normalization.js";
export { matmul } from "../functional/products.js";
export {
  argmax,
  logSoftmax,
  max,
  mean,
  min,
  softmax,
  sum,
  variance,
  type ReductionOptions,
  type VarianceOptions,
} from "../functional/reductions.js";
export { upsample, type UpsampleOptions } from "../functional/resample.js";
export {
  broadcastTo,
  concat,
  flattenAxes,
  flip,
  pad,
  permute,
  reshape,
  slice,
  squeeze,
  stack,
  transpose,
  unsqueeze,
  type SliceRange,
} from "../functional/shapes.js";
export { adaptiveMaxPool2d } from "../ops/adaptive-max-pool2d.js";
export { cast } from "../ops/cast.js";
export { dropout } from "../ops/dropout.js";
export { flatten } from "../ops/flatten.js";
export { leakyRelu } from "../ops/leaky-relu.js";
export { lerp } from "../ops/lerp.js";
export { linear } from "../ops/linear.js";
export { relu } from "../ops/relu.js";
export { softmaxCrossEntropy } from "../ops/softmax-cross-entropy.js";
export { stochasticDepth } from "../ops/stochastic-depth.js";
export { subsample } from "../ops/subsample.js";
export { compute, type ComputeOptions } from "../runtime/compute.js";
