import { loadBatches } from "../../data/batches.js";
import { sampleKey } from "../../data/transforms/draws.js";
import type { ImageBytes, ImageShape } from "../../data/transforms/image-bytes.js";
import { input } from "../../graph/tensor.js";
import { ingest, type IngestAttrs } from "../../ops/ingest.js";
import { hostArray } from "../../tensor/host-array.js";
import type { RandomKey } from "../../tensor/random.js";
import { dtypeOf } from "../../program/precision.js";
import type { BatchSource } from "./batch-source.js";

/** Images that are made one by one while they are used. */
export interface StreamedImages {
  readonly labels: Int32Array;
  /** The shapes of the images, with a key and without. */
  readonly shapes: { readonly train: ImageShape; readonly eval: ImageShape };
  readonly normalize: IngestAttrs;
  /** @param key the sample's; null without augmentation */
  load(row: number, key: RandomKey | null, signal: AbortSignal): Promise<ImageBytes>;
  /** Called with an image that was copied into its batch. */
  readonly onCopied?: (image: ImageBytes) => void;
}

/** Batches that enter each run as bytes, made a few batches ahead. */
export const streamedSource = ({
  labels,
  shapes,
  normalize,
  load,
  onCopied,
}: StreamedImages): BatchSource => ({
  rows: labels.length,
  labels,
  imageShape: [shapes.eval.height, shapes.eval.width, shapes.eval.channels],
  trace(batchSize, precision, training) {
    const { height, width, channels } = training ? shapes.train : shapes.eval;
    const bytes = input("images", [batchSize, height, width, channels], "u8");
    const indices = input("indices", [batchSize], "i32");
    return {
      images: ingest(bytes, indices, normalize, dtypeOf(precision)),
      targets: input("labels", [batchSize], "i32"),
    };
  },
  async *batches(batches, key, visits) {
    const shape = key ? shapes.train : shapes.eval;
    const loadSample = ({ row, visit }: Sample, signal: AbortSignal): Promise<ImageBytes> =>
      load(row, key && sampleKey(key, row, visit), signal);
    let i = 0;
    for await (const loaded of loadBatches(
      samplesOf(batches, visits),
      shape,
      loadSample,
      onCopied,
    )) {
      const rows = batches[i++]!;
      const indices = rows.map((_, place) => place); // every row of the batch's own array
      yield {
        images: loaded,
        indices: hostArray([rows.length], indices, "i32"),
        labels: hostArray(
          [rows.length],
          rows.map((row) => labels[row]!),
          "i32",
        ),
      };
    }
  },
});

interface Sample {
  readonly row: number;
  readonly visit: number | undefined;
}

/** One batch after the other, so that only those in the making take memory: an epoch may have millions of samples. */
function* samplesOf(
  batches: readonly Int32Array[],
  visits: readonly Int32Array[] | undefined,
): Generator<readonly Sample[], void> {
  for (const [i, rows] of batches.entries())
    yield Array.from(rows, (row, place) => ({ row, visit: visits?.[i]?.[place] }));
}
