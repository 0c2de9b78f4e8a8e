import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { sizeOf } from "../tensor/shape.js";
import { rowOf } from "./ingest.js";

/** The labels of a batch: `y i32 [N] = labels[indices[n]]`, out of `labels i32 [rows]` by `indices i32 [N]`. */
export const gatherLabelsOp = defineOp({
  name: "gatherLabels",
  role: "forward",
  meaning: "`labels[indices[n]]`",
  inputs: {
    labels: "i32 [rows]",
    indices: "i32 [N]",
  },
  outputs: {
    y: "i32 [N]",
  },
  attrs: {},
  gradient: null,
  shape: ({ indices }) => ({ y: { shape: indices.shape, dtype: "i32" } }),
  flops: () => 0,
  bytes: ({ indices }) => 12 * sizeOf(indices.shape), // index and label in, label out
  reference({ labels, indices }, { y }) {
    for (let i = 0; i < y.data.length; i++) {
      y.data[i] = labels.data[rowOf("gatherLabels", indices, i, labels.data.length)]!;
    }
  },
});

/** Traces the labels of a batch; see `gatherLabelsOp`. */
export const gatherLabels = (labels: Tensor, indices: Tensor): Tensor =>
  gatherLabelsOp.trace({ labels, indices }, {}).y;
