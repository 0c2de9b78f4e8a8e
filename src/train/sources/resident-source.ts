import { checkLabelCount } from "../../data/labels.js";
import type { Dataset } from "../../data/dataset.js";
import { placeBatch, type BatchPlacement } from "../../data/transforms/place-batch.js";
import { splitTransforms, transformDataset } from "../../data/transforms/compose-transforms.js";
import type { TransformList } from "../../data/transforms/transform.js";
import type { Executor } from "../../executors/executor.js";
import { input, state, type Tensor } from "../../graph/tensor.js";
import { gatherLabels } from "../../ops/gather-labels.js";
import { ingest, ingestPlaced, type IngestAttrs, type PlacingAttrs } from "../../ops/ingest.js";
import { checkHostArray, hostArray } from "../../tensor/host-array.js";
import { dims4, type Shape } from "../../tensor/shape.js";
import { dtypeOf } from "../../program/precision.js";
import { dataState } from "../state-names.js";
import type { BatchSource, BatchTracer } from "./batch-source.js";
import { preparedSource } from "./prepared-source.js";

/** How images of bytes become what the model sees. */
export interface ImagePreparation extends IngestAttrs {
  /** Done to the bytes first. Default: none. */
  readonly transforms?: TransformList;
}

/**
 * A data set that fits into memory: uploaded once, as bytes, and read by row index. Transforms that draw nothing are done
 * before; crops, flips and erasing in the kernel that gathers a batch. Others are done on the host, and batches uploaded
 * one by one (`preparedSource`).
 *
 * @param name of the executor's states (`dataState`); what was there must be as large
 * @throws {DataError} `ERR_DATA_COUNT` if there are not as many labels as images; `ERR_DATA_TRANSFORM` where the transforms do not fit the images
 */
export async function residentSource(
  executor: Executor,
  name: string,
  data: Pick<Dataset, "images" | "labels">,
  { transforms = [], ...attrs }: ImagePreparation,
): Promise<BatchSource> {
  checkHostArray(`the images of ${name}`, data.images, "ERR_DATA_FORMAT");
  checkLabelCount(data.labels.data, name, data.images.shape[0] ?? 0);
  const { once, perSample, inKernel } = splitTransforms(transforms);
  if (perSample.length > 0) return preparedSource(data, transforms, attrs);
  const { images } = transformDataset(data, once);
  const [rows, height, width, channels] = dims4(images);
  await executor.write(dataState(name, "images"), images);
  await executor.write(dataState(name, "labels"), data.labels);
  const placement = inKernel.length
    ? placeBatch(inKernel, once.length + perSample.length, { height, width, channels })
    : undefined;
  const seen = placement?.size ?? { height, width };
  return {
    ...residentTracer(name, images.shape, attrs, placement),
    rows,
    labels: data.labels.data,
    imageShape: [seen.height, seen.width, channels],
    async *batches(batches, key, visits) {
      for (const [i, rows] of batches.entries()) {
        const n = rows.length;
        const indices = hostArray([n], rows, "i32");
        const places = placement?.place(rows, key, visits?.[i]);
        yield places ? { indices, placement: hostArray([n, 8], places, "i32") } : { indices };
      }
    },
  };
}

/**
 * How programs read a resident data set: for planning without one.
 *
 * @param shape of the images, `[rows, H, W, C]`
 * @param placement what a batch is placed by, where it is
 */
export const residentTracer = (
  name: string,
  shape: Shape,
  { mean, std }: IngestAttrs,
  placement?: Pick<BatchPlacement, "size" | "fill" | "eraseFill">,
): BatchTracer<Tensor> => ({
  trace(batchSize, precision) {
    const indices = input("indices", [batchSize], "i32");
    const images = state(dataState(name, "images"), shape, "u8");
    const labels = state(dataState(name, "labels"), shape.slice(0, 1), "i32");
    const dtype = dtypeOf(precision);
    return {
      images: placement
        ? ingestPlaced(
            images,
            indices,
            input("placement", [batchSize, 8], "i32"),
            { mean, std, ...placingAttrs(placement) },
            dtype,
          )
        : ingest(images, indices, { mean, std }, dtype),
      targets: gatherLabels(labels, indices),
    };
  },
});

const placingAttrs = ({
  size: { height, width },
  fill,
  eraseFill,
}: Pick<BatchPlacement, "size" | "fill" | "eraseFill">): PlacingAttrs => ({
  size: [height, width],
  fill,
  eraseFill,
});
