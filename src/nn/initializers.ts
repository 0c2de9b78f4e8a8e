import { normal, uniform, type RandomKey } from "../tensor/random.js";
import { sizeOf, type Shape } from "../tensor/shape.js";

/**
 * Makes the first values of a parameter: `sizeOf(shape)` floats, drawn from the stream `key`.
 *
 * Values are drawn in PyTorch's order of elements (OIHW, [Out, In]) for a shape in that order, and turned to the
 * engine's layout afterwards.
 */
export type Initializer = (shape: Shape, key: RandomKey) => Float32Array;

const fill = (shape: Shape, value: (i: number) => number): Float32Array =>
  Float32Array.from({ length: sizeOf(shape) }, (_, i) => value(i));

/** Numbers of inputs that feed one output, and of outputs that one input feeds, of a weight in PyTorch's order. */
export function fans(shape: Shape): { readonly fanIn: number; readonly fanOut: number } {
  const [out = 1, into = 1, ...window] = shape;
  return { fanIn: into * sizeOf(window), fanOut: out * sizeOf(window) };
}

export const constantInit =
  (value: number): Initializer =>
  (shape) =>
    new Float32Array(sizeOf(shape)).fill(value);

/** Uniform in `[−bound, bound)`. */
export const uniformInit =
  (bound: number): Initializer =>
  (shape, key) =>
    fill(shape, (i) => (2 * uniform(key, i) - 1) * bound);

/**
 * Normal with deviation `√(2 / fan)`, which keeps the variance through a ReLU.
 * Source: He et al. 2015, arXiv:1502.01852; PyTorch's `kaiming_normal_(w, mode=mode, nonlinearity="relu")`.
 */
export const heNormal =
  (mode: "fanIn" | "fanOut"): Initializer =>
  (shape, key) => {
    const std = Math.sqrt(2 / fans(shape)[mode]);
    return fill(shape, (i) => normal(key, i) * std);
  };

/**
 * Uniform with bound `√(6 / (fanIn + fanOut))`.
 * Source: Glorot and Bengio 2010; PyTorch's `xavier_uniform_(w)`.
 */
export const xavierUniform: Initializer = (shape, key) => {
  const { fanIn, fanOut } = fans(shape);
  return uniformInit(Math.sqrt(6 / (fanIn + fanOut)))(shape, key);
};

/** PyTorch's default for convolution and linear weights: uniform with bound `1 / √fanIn`. */
export const torchDefault: Initializer = (shape, key) =>
  uniformInit(1 / Math.sqrt(fans(shape).fanIn))(shape, key);

/** PyTorch's default for the bias of a layer with `fanIn` inputs: uniform with bound `1 / √fanIn`. */
export const torchDefaultBias = (fanIn: number): Initializer => uniformInit(1 / Math.sqrt(fanIn));
