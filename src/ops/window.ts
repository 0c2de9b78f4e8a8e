import { integer, type AttrsOf } from "../graph/attributes.js";
import { UsageError } from "../tensor/error.js";
import { dims4, ShapeError, type Shape } from "../tensor/shape.js";

/** How a window moves over an image, the same in height and width, in pixels. */
export const windowAttrs = {
  /** Step between windows. */
  stride: integer({ least: 1, most: 2 ** 20 }),
  /** Pixels added on every side of the image. */
  padding: integer({ least: 0, most: 2 ** 20 }),
};
export type WindowAttrs = AttrsOf<typeof windowAttrs>;

/** How the window of a convolution moves, and which channels it connects. */
export const convolutionAttrs = {
  ...windowAttrs,
  /** Channels are cut into this many groups; each output channel sees the inputs of its own group. */
  groups: integer({ least: 1, most: 2 ** 20 }),
};
export type ConvolutionAttrs = AttrsOf<typeof convolutionAttrs>;

/** Height and width of the result of a window: `⌊(size + 2·padding − kernel) / stride⌋ + 1`. */
export function windowOutput(
  op: string,
  x: Shape,
  kernel: readonly [number, number],
  { stride, padding }: WindowAttrs,
): readonly [number, number] {
  if (!Number.isInteger(stride) || stride < 1 || !Number.isInteger(padding) || padding < 0) {
    throw new UsageError(
      "ERR_ATTRIBUTE",
      `${op}: stride must be a positive and padding a non-negative integer, but they are ${stride} and ${padding}`,
    );
  }
  const [h = 0, w = 0] = x;
  const [kh, kw] = kernel;
  if (h + 2 * padding < kh || w + 2 * padding < kw) {
    throw new ShapeError(
      op,
      `a ${kh}×${kw} window does not fit the ${h}×${w} image with padding ${padding}`,
      {
        x: { shape: x, axes: "H W N C" },
      },
    );
  }
  const size = (image: number, window: number): number =>
    Math.floor((image + 2 * padding - window) / stride) + 1;
  return [size(h, kh), size(w, kw)];
}

/** @throws {ShapeError} unless `dy`, the gradient of an output, has the size that the window gives on the image */
export function checkOutputSize(
  op: string,
  imageSize: readonly [number, number],
  kernel: readonly [number, number],
  attrs: WindowAttrs,
  dy: Shape,
): void {
  const [oh, ow] = windowOutput(op, imageSize, kernel, attrs);
  if (dy[0] === oh && dy[1] === ow) return;
  throw new ShapeError(
    op,
    `the window gives ${oh}×${ow} pixels on a ${imageSize[0]}×${imageSize[1]} image, but dy has ${dy[0]}×${dy[1]}`,
    { dy: { shape: dy, axes: "OH OW N C" } },
  );
}

/** Sizes of a window and of the images on both its sides, in pixels. */
export interface WindowSizes extends WindowAttrs {
  readonly image: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly output: readonly [number, number];
}

/** Calls `visit` for every output pixel and every tap of its window that falls inside the image. */
export function forEachTap(
  { image: [h, w], kernel: [kh, kw], output: [oh, ow], stride, padding }: WindowSizes,
  visit: (outputPixel: number, imagePixel: number, tap: number) => void,
): void {
  for (let i = 0; i < oh; i++) {
    for (let j = 0; j < ow; j++) {
      for (let ki = 0; ki < kh; ki++) {
        for (let kj = 0; kj < kw; kj++) {
          const hi = i * stride + ki - padding;
          const wj = j * stride + kj - padding;
          if (hi < 0 || hi >= h || wj < 0 || wj >= w) continue;
          visit(i * ow + j, hi * w + wj, ki * kw + kj);
        }
      }
    }
  }
}

/** The number of (output pixel, tap) pairs inside the image, which `forEachTap` visits, in closed form. */
export function tapCount({ image, kernel, output, stride, padding }: WindowSizes): number {
  const along = (axis: 0 | 1): number => {
    let count = 0;
    for (let o = 0; o < output[axis]; o++) {
      const first = o * stride - padding;
      // A window that lies in the padding entirely sees nothing.
      count += Math.max(0, Math.min(first + kernel[axis], image[axis]) - Math.max(first, 0));
    }
    return count;
  };
  return along(0) * along(1);
}

/** @throws {ResnetError} `ERR_ATTRIBUTE` unless the groups divide the output channels */
export function checkGroups(op: string, cout: number, groups: number): void {
  if (Number.isInteger(groups) && groups >= 1 && cout % groups === 0) return;
  throw new UsageError(
    "ERR_ATTRIBUTE",
    `${op}: groups must divide the ${cout} output channels, but it is ${groups}`,
  );
}

/** Operations of a convolution, or of one of its gradients: two for each multiply-add, taps on padding left out. */
export function convolutionFlops(x: Shape, weight: Shape, y: Shape, attrs: WindowAttrs): number {
  const [h, w, n] = dims4({ shape: x });
  const [kh, kw, groupCin, cout] = dims4({ shape: weight });
  const [oh, ow] = dims4({ shape: y });
  const sizes = { image: [h, w], kernel: [kh, kw], output: [oh, ow] } as const;
  return 2 * tapCount({ ...attrs, ...sizes }) * n * groupCin * cout;
}
