import type { Tensor } from "../graph/tensor.js";
import { imageOrder } from "../graph/axis-order.js";
import { cast } from "../ops/cast.js";
import { literal } from "../ops/literal.js";
import { matmul } from "../ops/matmul.js";
import { asImages } from "../ops/permute.js";
import { reshape } from "../ops/reshape.js";
import { ResnetError } from "../tensor/error.js";
import { dims4, type FloatDType } from "../tensor/shape.js";

/** Shares of the pixels along an axis in each pixel of a result, `[to, from]`. */
export interface Matrix {
  readonly from: number;
  readonly to: number;
  readonly values: readonly number[];
}

function matrix(from: number, to: number, rowOf: (i: number, row: number[]) => void): Matrix {
  const rows = Array.from({ length: to }, (_, i) => {
    const row = Array<number>(from).fill(0);
    rowOf(i, row);
    return row;
  });
  return { from, to, values: rows.flat() };
}

/** Pixels `begin … end − 1` of an axis, maybe off the image, and by how many their sum is divided. Default: those on the image. */
interface Span {
  readonly begin: number;
  readonly end: number;
  readonly count?: number | undefined;
}

/** The shares of means over spans. */
export const averages = (from: number, to: number, spanOf: (i: number) => Span): Matrix =>
  matrix(from, to, (i, row) => {
    const { begin, end, count } = spanOf(i);
    const [first, last] = [Math.max(begin, 0), Math.min(end, from)];
    row.fill(1 / (count ?? last - first), first, last);
  });

/** Images whose rows and columns are sums of shares of those of x: two products of matrices, in f32. */
export function resample(x: Tensor, rows: Matrix, columns: Matrix): Tensor {
  const [, , n, c] = dims4(x);
  const weightsOf = ({ from, to, values }: Matrix): Tensor => literal(values, [to, from]);
  const flat = reshape(cast(x, "f32"), [rows.from, columns.from * n * c]);
  const high = reshape(matmul(weightsOf(rows), flat), [rows.to, columns.from, n * c]);
  const y = reshape(matmul(weightsOf(columns), high), [rows.to, columns.to, n, c]);
  y.order = imageOrder;
  return cast(y, x.dtype as FloatDType);
}

export interface UpsampleOptions {
  /** Height and width of the result. */
  readonly size?: readonly [height: number, width: number];
  /** Instead of a size: how many times as high and wide the result is. */
  readonly scale?: number | readonly [height: number, width: number];
  /** Default `nearest`. */
  readonly mode?: "nearest" | "bilinear";
  /** Whether the corners of `bilinear` images are the same pixels. Default false. */
  readonly alignCorners?: boolean;
}

/** Images of another size. PyTorch's `interpolate(x, size, scale_factor, mode, align_corners)`. */
export function upsample(
  x: Tensor,
  { size, scale, mode = "nearest", alignCorners = false }: UpsampleOptions,
): Tensor {
  const image = asImages(x);
  const [h, w] = dims4(image, "upsample");
  const scales = typeof scale === "number" ? ([scale, scale] as const) : scale;
  const [oh, ow] = size ?? [
    Math.floor(h * (scales?.[0] ?? NaN)),
    Math.floor(w * (scales?.[1] ?? NaN)),
  ];
  if (!(Number.isInteger(oh) && Number.isInteger(ow) && oh > 0 && ow > 0) || (size && scale)) {
    throw new ResnetError(
      "ERR_ATTRIBUTE",
      "upsample: takes a size in pixels or a scale, one of the two",
    );
  }
  const along = (from: number, to: number, factor: number | undefined): Matrix => {
    const step = factor === undefined || size ? from / to : 1 / factor;
    return mode === "nearest" ? nearest(from, to, step) : linear(from, to, step, alignCorners);
  };
  return resample(image, along(h, oh, scales?.[0]), along(w, ow, scales?.[1]));
}

const nearest = (from: number, to: number, step: number): Matrix =>
  matrix(from, to, (i, row) => {
    row[Math.min(Math.floor(i * step), from - 1)] = 1;
  });

const linear = (from: number, to: number, step: number, alignCorners: boolean): Matrix =>
  matrix(from, to, (i, row) => {
    const corners = to > 1 ? (i * (from - 1)) / (to - 1) : 0;
    const place = alignCorners ? corners : Math.max(0, (i + 0.5) * step - 0.5);
    const first = Math.min(Math.floor(place), from - 1);
    const second = Math.min(first + 1, from - 1);
    row[first]! += 1 - (place - first);
    row[second]! += place - first;
  });
