import { normal, uniform, type RandomKey } from "../tensor/random.js";
import { sizeOf, type Shape } from "../tensor/shape.js";

/**
 * Makes the initial values of a parameter: `sizeOf(shape)` floats, drawn from the stream `key`.
 *
 * Values are drawn in PyTorch's order of elements (OIHW, [Out, In]) for a shape in that order, and converted to the
 * engine's layout afterwards.
 */
export type Initializer = (shape: Shape, key: RandomKey) => Float32Array;

const fill = (shape: Shape, value: (i: number) => number): Float32Array =>
  Float32Array.from({ length: sizeOf(shape) }, (_, i) => value(i));

/** The numbers of inputs of one output, and of outputs of one input, for a weight in PyTorch's order. */
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

/** Normal with this deviation. PyTorch's `normal_(w, std=std)`. */
export const normalInit =
  (std: number): Initializer =>
  (shape, key) =>
    fill(shape, (i) => normal(key, i) * std);

export interface KaimingOptions {
  /**
   * Whether the variance is kept forward, by the inputs of an output, or backward, by the outputs of an input.
   * Default fanIn.
   */
  readonly mode?: "fanIn" | "fanOut";
  /** The slope of the ReLU for numbers below 0. Default 0. */
  readonly slope?: number;
}

const kaimingVariance = (shape: Shape, { mode = "fanIn", slope = 0 }: KaimingOptions): number =>
  2 / (1 + slope ** 2) / fans(shape)[mode];

/**
 * Normal with deviation `√(2 / ((1 + slope²) · fan))`, which keeps the variance through a ReLU.
 * Source: He et al. 2015, arXiv:1502.01852; PyTorch's `kaiming_normal_(w, slope, mode)`.
 */
export const kaimingNormal =
  (options: KaimingOptions = {}): Initializer =>
  (shape, key) =>
    normalInit(Math.sqrt(kaimingVariance(shape, options)))(shape, key);

/** Uniform with the variance of `kaimingNormal`. PyTorch's `kaiming_uniform_(w, slope, mode)`. */
export const kaimingUniform =
  (options: KaimingOptions = {}): Initializer =>
  (shape, key) =>
    uniformInit(Math.sqrt(3 * kaimingVariance(shape, options)))(shape, key);

/**
 * Uniform with bound `gain · √(6 / (fanIn + fanOut))`.
 * Source: Glorot and Bengio 2010; PyTorch's `xavier_uniform_(w, gain)`.
 */
export const xavierUniform =
  (gain = 1): Initializer =>
  (shape, key) => {
    const { fanIn, fanOut } = fans(shape);
    return uniformInit(gain * Math.sqrt(6 / (fanIn + fanOut)))(shape, key);
  };

/** Normal with deviation `gain · √(2 / (fanIn + fanOut))`. PyTorch's `xavier_normal_(w, gain)`. */
export const xavierNormal =
  (gain = 1): Initializer =>
  (shape, key) => {
    const { fanIn, fanOut } = fans(shape);
    return normalInit(gain * Math.sqrt(2 / (fanIn + fanOut)))(shape, key);
  };

/**
 * Normal, without the values beyond two deviations, which are drawn again. PyTorch's
 * `trunc_normal_(w, std=std, a=-2*std, b=2*std)`.
 */
export const truncNormal =
  (std = 1): Initializer =>
  (shape, key) => {
    const size = sizeOf(shape);
    return fill(shape, (i) => {
      let value = normal(key, i);
      for (let again = 1; Math.abs(value) > 2; again++) value = normal(key, i + again * size);
      return value * std;
    });
  };

/**
 * Rows or columns that are orthogonal to each other and of length `gain`, of the weight as a matrix `[Out, rest]`.
 * Source: Saxe et al. 2013, arXiv:1312.6120; PyTorch's `orthogonal_(w, gain)`.
 */
export const orthogonal =
  (gain = 1): Initializer =>
  (shape, key) => {
    const [rows = 1, ...rest] = shape;
    const columns = sizeOf(rest);
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
    const basis: Float64Array[] = [];
    for (let i = 0; i < count; i++) {
      const vector = Float64Array.from({ length }, (_, j) => normal(key, i * length + j));
      // Twice is enough: a second pass removes what rounding left of the first.
      for (let pass = 0; pass < 2; pass++) for (const other of basis) subtract(vector, other);
      const norm = Math.sqrt(dot(vector, vector));
      basis.push(vector.map((value) => value / norm));
    }
    return fill(shape, (i) => {
      const [row, column] = [Math.floor(i / columns), i % columns];
      return gain * (rows <= columns ? basis[row]![column]! : basis[column]![row]!);
    });
  };

const dot = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** Takes from a vector its part in the direction of a unit vector. */
function subtract(vector: Float64Array, unit: Float64Array): void {
  const part = dot(vector, unit);
  for (let i = 0; i < vector.length; i++) vector[i]! -= part * unit[i]!;
}

/** PyTorch's default for convolution and linear weights: uniform with bound `1 / √fanIn`. */
export const torchDefault: Initializer = (shape, key) =>
  uniformInit(1 / Math.sqrt(fans(shape).fanIn))(shape, key);

/** PyTorch's default for the bias of a layer with `fanIn` inputs: uniform with bound `1 / √fanIn`. */
export const torchDefaultBias = (fanIn: number): Initializer => uniformInit(1 / Math.sqrt(fanIn));
