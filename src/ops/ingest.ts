import { defineOp, type Values } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { ResnetError } from "../tensor/error.js";
import { bytesPerElement, dims4, ShapeError, sizeOf, type FloatDType } from "../tensor/shape.js";

export type IngestAttrs = {
  /** Mean of each channel, of pixels scaled to 0 … 1. */
  readonly mean: readonly number[];
  /** Deviation of each channel, of pixels scaled to 0 … 1. */
  readonly std: readonly number[];
};

/** How `ingest` normalises, and what it stores. */
type IngestOpAttrs = IngestAttrs & { readonly dtype: FloatDType };

/**
 * A batch out of a data set of bytes: gathers rows, scales to 0 … 1, normalises, and turns to the engine's layout.
 *
 *     images u8 [rows, H, W, C]   indices i32 [N]   x [H, W, N, C]
 *     x[h, w, n, c] = (images[indices[n], h, w, c] / 255 − mean[c]) / std[c]
 *
 * The dtype that x gets here, every activation behind it gets too: it is the precision of the network.
 */
export const ingestOp = defineOp<"images" | "indices", "x", IngestOpAttrs>({
  name: "ingest",
  inputs: ["images", "indices"],
  outputs: ["x"],
  gradient: null,

  shape({ images, indices }, { mean, std, dtype }) {
    const [, h, w, c] = dims4(images, "ingest", "images", "rows H W C");
    for (const [name, values] of Object.entries({ mean, std })) {
      if (values.length !== c) {
        throw new ShapeError(
          "ingest",
          `images have ${c} channels but ${name} has ${values.length} values`,
          {
            images: { shape: images.shape, axes: "rows H W C" },
          },
        );
      }
    }
    return { x: { shape: [h, w, sizeOf(indices.shape), c], dtype } };
  },

  flops: (_, { x }) => 2 * sizeOf(x.shape),
  // A byte in, a value out; most rows of the data set are not touched.
  bytes: (_, { x }) => (1 + bytesPerElement[x.dtype]) * sizeOf(x.shape),

  reference({ images, indices }, { x }, { mean, std }) {
    const [rows, h, w, c] = dims4(images);
    const [, , n] = dims4(x);
    for (let sample = 0; sample < n; sample++) {
      const row = rowOf("ingest", indices, sample, rows);
      for (let pixel = 0; pixel < h * w; pixel++) {
        for (let k = 0; k < c; k++) {
          const byte = images.data[(row * h * w + pixel) * c + k]!;
          x.data[(pixel * n + sample) * c + k] = (byte / 255 - mean[k]!) / std[k]!;
        }
      }
    }
  },
});

/** Traces the first step of every program on images; see `ingestOp`. */
export const ingest = (
  images: Tensor,
  indices: Tensor,
  { mean, std }: IngestAttrs,
  dtype: FloatDType = "f32",
): Tensor => ingestOp.trace({ images, indices }, { mean, std, dtype }).x;

/** The row that belongs to a sample. @throws {ResnetError} `ERR_INDEX` if the data set has no such row */
export function rowOf(op: string, indices: Values, sample: number, rows: number): number {
  const row = indices.data[sample]!;
  if (row >= 0 && row < rows) return row;
  throw new ResnetError(
    "ERR_INDEX",
    `${op}: sample ${sample} asks for row ${row}, expected 0 … ${rows - 1}`,
  );
}
