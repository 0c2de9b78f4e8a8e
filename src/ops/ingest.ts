import { floatDType, numbers, optional, sizes, type AttrsOf } from "../graph/attributes.js";
import { defineOp, type Values } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { ResnetError, UsageError } from "../tensor/error.js";
import {
  bytesPerElement,
  dims4,
  sameShape,
  ShapeError,
  sizeOf,
  type FloatDType,
} from "../tensor/shape.js";

const normalizing = {
  /** Mean of each channel, of pixels scaled to 0 … 1. */
  mean: numbers("C"),
  /** Deviation of each channel, of pixels scaled to 0 … 1. */
  std: numbers("C"),
};
export type IngestAttrs = AttrsOf<typeof normalizing>;

const byteOfChannel = numbers("C", { least: 0, most: 255 });

/** How crops, flips and covered rectangles come into a batch. */
const placing = {
  /** Height and width of the result. */
  size: sizes("OH", "OW"),
  /** Byte of each channel where a crop reaches outside an image. */
  fill: byteOfChannel,
  /** Byte of each channel where a rectangle is covered. */
  eraseFill: byteOfChannel,
};
export type PlacingAttrs = AttrsOf<typeof placing>;

/** Numbers that place one sample: see `ingestOp`. */
const placementNumbers = 8;

/**
 * A batch out of a data set of bytes: gathers rows, scales to 0 … 1, normalizes, and turns to the engine's layout.
 *
 *     images u8 [rows, H, W, C]   indices i32 [N]   placement? i32 [N, 8]   x [H, W, N, C]
 *     x[h, w, n, c] = (images[indices[n], h, w, c] / 255 − mean[c]) / std[c]
 *
 * Each step is rounded to float32, so that x equals the result of torchvision's `ToTensor` and `Normalize`, to the bit.
 *
 * With a placement, x has the size that the attributes say, and each sample is cropped, flipped and covered on the way.
 * Its numbers are `rowStart rowStep columnStart columnStep top left bottom right`: result pixel (h, w) is the image's
 * pixel `(rowStart + rowStep · h, columnStart + columnStep · w)`, or `fill` where that lies outside, and `eraseFill` in
 * rows `top … bottom − 1` and columns `left … right − 1` of the result.
 *
 * All later activations take the dtype of x: it is the precision of the network.
 */
export const ingestOp = defineOp({
  name: "ingest",
  role: "forward",
  meaning:
    "`(images[indices[n]] / 255 − mean) / std`. A placement is `rowStart rowStep columnStart columnStep top left bottom right`: pixel (h, w) comes from `(rowStart + rowStep · h, columnStart + columnStep · w)`, `fill` outside the image, `eraseFill` in the rectangle; without a placement, x has the size of the images",
  inputs: {
    images: "u8 [rows, H, W, C]",
    indices: "i32 [N]",
    "placement?": "i32 [N, 8]",
  },
  outputs: {
    x: "float [OH, OW, N, C]",
  },
  attrs: {
    ...normalizing,
    dtype: floatDType,
    size: optional(placing.size),
    fill: optional(placing.fill),
    eraseFill: optional(placing.eraseFill),
  },
  gradient: null,

  shape({ images, indices, placement }, { mean, std, dtype, size, fill, eraseFill }) {
    const [, h, w, c] = dims4(images, "ingest", "images", "rows H W C");
    const n = sizeOf(indices.shape);
    for (const [name, values] of Object.entries({ mean, std, fill, eraseFill })) {
      if (values && values.length !== c) {
        throw new ShapeError(
          "ingest",
          `images have ${c} channels but ${name} has ${values.length} values`,
          {
            images: { shape: images.shape, axes: "rows H W C" },
          },
        );
      }
    }
    if (placement && !sameShape(placement.shape, [n, placementNumbers])) {
      throw new ShapeError("ingest", `a placement is ${placementNumbers} numbers for each index`, {
        placement: { shape: placement.shape, axes: "N 8" },
        indices: { shape: indices.shape, axes: "N" },
      });
    }
    if (placement && !(size && fill && eraseFill)) {
      throw new UsageError(
        "ERR_ATTRIBUTE",
        "ingest: a placement needs the attributes size, fill and eraseFill",
      );
    }
    const [height, width] = placement && size ? size : [h, w];
    return { x: { shape: [height, width, n, c], dtype } };
  },

  flops: (_, { x }) => 2 * sizeOf(x.shape),
  // A byte in, a value out; most rows of the data set are not touched.
  bytes: (_, { x }) => (1 + bytesPerElement[x.dtype]) * sizeOf(x.shape),

  reference({ images, indices, placement }, { x }, { mean, std, fill = [], eraseFill = [] }) {
    const [rows, h, w, c] = dims4(images);
    const [height, width, n] = dims4(x);
    for (let sample = 0; sample < n; sample++) {
      const row = rowOf("ingest", indices, sample, rows);
      const [rowStart, rowStep, columnStart, columnStep, top, left, bottom, right] = placement
        ? placement.data.subarray(sample * placementNumbers)
        : [0, 1, 0, 1, 0, 0, 0, 0];
      for (let i = 0; i < height; i++) {
        const from = rowStart! + rowStep! * i;
        for (let j = 0; j < width; j++) {
          const column = columnStart! + columnStep! * j;
          const isErased = i >= top! && i < bottom! && j >= left! && j < right!;
          const isInside = from >= 0 && from < h && column >= 0 && column < w;
          const pixel = ((row * h + from) * w + column) * c;
          for (let k = 0; k < c; k++) {
            const byte = isErased ? eraseFill[k]! : isInside ? images.data[pixel + k]! : fill[k]!;
            x.data[((i * width + j) * n + sample) * c + k] = normalized(byte, mean[k]!, std[k]!);
          }
        }
      }
    }
  },
});

/** One byte normalized in float32, step by step as torchvision does it. */
const normalized = (byte: number, mean: number, std: number): number =>
  Math.fround(Math.fround(Math.fround(byte / 255) - Math.fround(mean)) / Math.fround(std));

/** Traces the first step of every program on images; see `ingestOp`. */
export const ingest = (
  images: Tensor,
  indices: Tensor,
  { mean, std }: IngestAttrs,
  dtype: FloatDType = "f32",
): Tensor => ingestOp.trace({ images, indices }, { mean, std, dtype }).x;

/** The same with a placement of each sample. */
export const ingestPlaced = (
  images: Tensor,
  indices: Tensor,
  placement: Tensor,
  { mean, std, size, fill, eraseFill }: IngestAttrs & PlacingAttrs,
  dtype: FloatDType = "f32",
): Tensor =>
  ingestOp.trace({ images, indices, placement }, { mean, std, dtype, size, fill, eraseFill }).x;

/** The row that belongs to a sample. @throws {ResnetError} `ERR_INDEX` if the data set has no such row */
export function rowOf(op: string, indices: Values, sample: number, rows: number): number {
  const row = indices.data[sample]!;
  if (row >= 0 && row < rows) return row;
  throw new ResnetError(
    "ERR_INDEX",
    `${op}: sample ${sample} asks for row ${row}, expected 0 … ${rows - 1}`,
  );
}

/** Refuses indices of rows that the data set does not have. @throws {ResnetError} `ERR_INDEX` */
export function checkRows(op: string, indices: Int32Array, rows: number): void {
  const values = { shape: [indices.length], data: indices };
  for (let sample = 0; sample < indices.length; sample++) rowOf(op, values, sample, rows);
}
