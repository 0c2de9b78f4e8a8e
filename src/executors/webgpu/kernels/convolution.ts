import { sizeOf } from "../../../tensor/shape.js";
import type { Kernel, Value } from "../kernel.js";
import type { OpReader } from "../op-reader.js";
import { activateFunction } from "../wgsl/activation.js";
import type { KernelMaker } from "./all.js";
import { statisticsKernels } from "./batch-norm.js";
import { elementwise, type NamedValues } from "./elementwise.js";
import type { Contiguous, Factor } from "./product.js";
import { storedProduct } from "./stored-product.js";

/** Sizes of a convolution of `image` to `output` by `weight`. */
function convolutionSizes(
  op: OpReader,
  image: Value,
  output: Value,
  kernelSize: readonly number[],
) {
  const [h, w, n, cin] = image.shape;
  const [oh, ow, , cout] = output.shape;
  const [kh, kw] = kernelSize;
  return {
    h: h!,
    w: w!,
    n: n!,
    cin: cin!,
    oh: oh!,
    ow: ow!,
    cout: cout!,
    kw: kw!,
    taps: kh! * kw!,
    stride: op.number("stride"),
    padding: op.number("padding"),
  };
}

/** WGSL of the image's pixel `row`, `column` under tap `tap` of the window of output `pixel`; goes on if it lies outside. */
const imagePixel = (pixel: string, tap: string): string => `
    let row = i32(${pixel} / p.ow * p.stride + ${tap} / p.kw) - i32(p.padding);
    let column = i32(${pixel} % p.ow * p.stride + ${tap} % p.kw) - i32(p.padding);
    if (row < 0 || row >= i32(p.h) || column < 0 || column >= i32(p.w)) { continue; }`;

/**
 * The weight as a factor beside activations, in whose dtype it is multiplied. A weight that is small beside them is read often, and
 * rounded once, by a kernel of its own; a large one is rounded where it is read, which moves fewer bytes.
 */
function weightFactor(
  op: OpReader,
  weight: Value,
  contiguous: Contiguous,
  activations: readonly Value[],
): readonly [Factor, readonly Kernel[]] {
  const factor = { value: weight, contiguous, stride: "p.cout" };
  if (activations[0]!.dtype !== "bf16") return [factor, []];
  const elements = activations.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (8 * sizeOf(weight.shape) > elements) return [{ ...factor, rounds: true }, []];
  const rounded = op.scratch(weight.shape, "bf16");
  const kernel = elementwise({
    name: `${op.name} weight`,
    reads: { weight },
    writes: { rounded },
    body: "r.rounded = weight(i);",
  });
  return [{ ...factor, value: rounded }, [kernel]];
}

const conv2d: KernelMaker = (op) => {
  const [x, weight, y] = [op.input("x"), op.input("weight"), op.output("y")];
  const groups = op.number("groups");
  const sizes = convolutionSizes(op, x, y, weight.shape);
  const [right, rounding] = weightFactor(op, weight, "other", [x, y]);
  const [scale, bias, residual] = ["scale", "bias", "residual"].map((name) =>
    op.optionalInput(name),
  );
  const activation = { activation: op.attr("activation"), slope: op.number("slope") };
  const kernel = storedProduct({
    name: op.name,
    left: { value: x, contiguous: "depth", stride: "p.cin" },
    right,
    matrices: sizes.oh * sizes.ow,
    groups,
    rows: sizes.n,
    columns: sizes.cout / groups,
    depth: sizes.cin / groups,
    sizes,
    pairs: (multiply) => `for (var tap = 0u; tap < p.taps; tap++) {
    ${imagePixel("matrix", "tap")}
    let left0 = (u32(row) * p.w + u32(column)) * p.n * p.cin + g * p.depth;
    let right0 = tap * p.depth * p.cout + g * p.columns;
    ${multiply}
  }`,
    result: y,
    epilogue: {
      reads: { scale, bias, residual },
      finish: (type, suffix) => `${activateFunction(activation, type)}
fn finish(i: u32, c: u32, v: ${type}) -> ${type} {
  return activate(v${scale ? ` * scale${suffix}(c)` : ""}${bias ? ` + bias${suffix}(c)` : ""}${residual ? ` + residual${suffix}(i)` : ""});
}`,
    },
  });
  const [mean, variance] = [op.optionalOutput("mean"), op.optionalOutput("variance")];
  const statistics = mean || variance ? statisticsKernels(op, y, { mean, variance }) : [];
  return [...rounding, kernel, ...statistics];
};

/** The gradient of `dx` by an image, as a kernel maker for the op and its names of the operands. */
const inputGradient =
  (names: { readonly dy: string; readonly dx: string }): KernelMaker =>
  (op) => {
    const [dy, weight, dx] = [op.input(names.dy), op.input("weight"), op.output(names.dx)];
    const groups = op.number("groups");
    const sizes = convolutionSizes(op, dx, dy, weight.shape);
    const [right, rounding] = weightFactor(op, weight, "depth", [dy, dx]);
    const addend = op.optionalInput("addend");
    const kernel = storedProduct({
      name: op.name,
      left: { value: dy, contiguous: "depth", stride: "p.cout" },
      right,
      matrices: sizes.h * sizes.w,
      groups,
      rows: sizes.n,
      columns: sizes.cin / groups,
      depth: sizes.cout / groups,
      sizes,
      pairs: (multiply) => `let row = matrix / p.w + p.padding;
  let column = matrix % p.w + p.padding;
  for (var tap = 0u; tap < p.taps; tap++) {
    let kh = tap / p.kw;
    let kw = tap % p.kw;
    if (kh > row || (row - kh) % p.stride != 0u || (row - kh) / p.stride >= p.oh) { continue; }
    if (kw > column || (column - kw) % p.stride != 0u || (column - kw) / p.stride >= p.ow) { continue; }
    let left0 = ((row - kh) / p.stride * p.ow + (column - kw) / p.stride) * p.n * p.cout + g * p.depth;
    let right0 = tap * p.columns * p.cout + g * p.depth;
    ${multiply}
  }`,
      result: dx,
      epilogue: {
        reads: { addend },
        finish: (type, suffix) =>
          `fn finish(i: u32, c: u32, v: ${type}) -> ${type} { return v${addend ? ` + addend${suffix}(i)` : ""}; }`,
      },
    });
    return [...rounding, kernel];
  };

/** Invocations that keep a GPU busy. */
const manyInvocations = 1 << 15;

const conv2dWeightGrad: KernelMaker = (op) => {
  const [x, dy, dweight] = [op.input("x"), op.input("dy"), op.output("dweight")];
  const groups = op.number("groups");
  const sizes = convolutionSizes(op, x, dy, dweight.shape);
  const pixels = sizes.oh * sizes.ow;
  // The pixels are cut into parts that are summed by themselves, where there are few weights.
  const wanted = Math.ceil((16 * manyInvocations) / sizeOf(dweight.shape));
  const perPart = Math.ceil(pixels / Math.min(pixels, wanted));
  const parts = Math.ceil(pixels / perPart);
  const sums = parts === 1 ? dweight : op.scratch([parts, ...dweight.shape]);
  const kernel = storedProduct({
    name: op.name,
    left: { value: x, contiguous: "other", stride: "p.cin" },
    right: { value: dy, contiguous: "other", stride: "p.cout" },
    matrices: sizes.taps * parts,
    groups,
    rows: sizes.cin / groups,
    columns: sizes.cout / groups,
    depth: sizes.n,
    sizes: { ...sizes, pixels, perPart },
    pairs: (multiply) => `let tap = matrix % p.taps;
  let first = matrix / p.taps * p.perPart;
  for (var pixel = first; pixel < min(first + p.perPart, p.pixels); pixel++) {
    ${imagePixel("pixel", "tap")}
    let left0 = (u32(row) * p.w + u32(column)) * p.n * p.cin + g * p.rows;
    let right0 = pixel * p.n * p.cout + g * p.columns;
    ${multiply}
  }`,
    result: sums,
  });
  return parts === 1 ? [kernel] : [kernel, addParts(op, { sums }, { dweight }, parts)];
};

/** Adds up the parts of a sum, in their order. */
const addParts = (op: OpReader, reads: NamedValues, writes: NamedValues, parts: number): Kernel =>
  elementwise({
    name: `${op.name} parts`,
    reads,
    writes,
    sizes: { parts },
    body: `
  var sum = 0.0;
  for (var part = 0u; part < p.parts; part++) { sum += sums(part * p.count + i); }
  r.dweight = sum;`,
  });

/** Convolutions and their gradients. */
export const convolutionKernels: Readonly<Record<string, KernelMaker>> = {
  conv2d,
  conv2dInputGrad: inputGradient({ dy: "dy", dx: "dx" }),
  convTranspose2d: inputGradient({ dy: "x", dx: "y" }),
  conv2dWeightGrad,
};
