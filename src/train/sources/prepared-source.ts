import type { Dataset } from "../../data/dataset.js";
import { composeTransforms, transformedShape } from "../../data/transforms/compose-transforms.js";
import { isRandom, transformSchema, type TransformList } from "../../data/transforms/transform.js";
import type { IngestAttrs } from "../../ops/ingest.js";
import { dims4 } from "../../tensor/shape.js";
import type { BatchSource } from "./batch-source.js";
import { streamedSource } from "./streamed-source.js";

/**
 * A data set in memory with transforms that no kernel does: they run on the host, ahead of the training, while the engine
 * works on the batch before.
 *
 * Without augmentation, the transforms that draw nothing remain, and then a resize to the same size.
 *
 * @throws {DataError} `ERR_DATA_TRANSFORM` where the transforms do not fit the images
 */
export function preparedSource(
  data: Pick<Dataset, "images" | "labels">,
  transforms: TransformList,
  normalize: IngestAttrs,
): BatchSource {
  const [, height, width, channels] = dims4(data.images);
  const from = { height, width, channels };
  const shape = transformedShape(transforms, from);
  const toShape = transformSchema.parse({ type: "resize", size: [shape.height, shape.width] });
  const augment = composeTransforms(transforms);
  const leave = composeTransforms([...transforms.filter((each) => !isRandom(each)), toShape]);
  const bytes = height * width * channels;
  return streamedSource({
    labels: data.labels.data,
    shapes: { train: shape, eval: shape },
    normalize,
    async load(row, key) {
      await nextTurn();
      const image = data.images.data.subarray(row * bytes, (row + 1) * bytes);
      return (key ? augment : leave)({ ...from, data: image }, key);
    },
  });
}

/** Lets the step that was just asked for begin. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
