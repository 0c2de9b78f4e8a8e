import type { HostArray } from "../tensor/host-array.js";
import { hostArray } from "../tensor/host-array.js";
import { printable } from "../tensor/printable.js";
import type { Classifier, PictureOptions } from "./classifier.js";
import { embeddingOf, outputOf } from "./named-layers.js";
import type { Picture } from "./picture.js";
import { checkOutputs } from "./usable-outputs.js";

/** The output of a layer for a picture. */
export interface Features<P extends Picture = string> {
  /** The picture as it was given. */
  readonly image: P;
  /** f32 `[C, H, W]` of a map, `[C]` of a vector. */
  readonly values: HostArray<"f32">;
}

/**
 * The output of any layer for pictures, in fp32.
 *
 * @param options.layer the layer's path, `layer4` or `layer3.1.conv2`. Default: the embedding, which the classifier reads
 * @throws {ResnetError} `ERR_LAYER` if there is no such layer, `ERR_OVERFLOW` if what it gives is not finite
 * @throws {DataError} as `Classifier.run`
 */
export async function* features<P extends Picture>(
  classifier: Classifier,
  pictures: readonly P[],
  { layer, ...options }: PictureOptions & { readonly layer?: string | undefined } = {},
): AsyncGenerator<Features<P>, void> {
  const batches = classifier.run(
    pictures,
    {
      name: layer === undefined ? "embedding" : `layer ${layer}`,
      choose: (_, calls) => ({
        y: layer === undefined ? embeddingOf(calls) : outputOf(calls, layer),
      }),
    },
    { ...options, precision: "fp32" },
  );
  for await (const { pictures: images, names, isRead, outputs } of batches) {
    for (const [i, image] of images.entries()) {
      if (!isRead[i]) continue;
      const values = sampleOf(outputs["y"]!, i);
      checkOutputs(values.data, `${printable(names[i]!, Infinity)}: the features`);
      yield { image, values };
    }
  }
}

/** Sample `n` of `[N, C]` as `[C]`, of `[H, W, N, C]` as `[C, H, W]`. */
function sampleOf({ shape, data }: HostArray, n: number): HostArray<"f32"> {
  const [height, width, samples, channels] =
    shape.length === 4 ? (shape as [number, number, number, number]) : [1, 1, shape[0]!, shape[1]!];
  const pixels = height * width;
  const values = new Float32Array(channels * pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let c = 0; c < channels; c++)
      values[c * pixels + pixel] = data[(pixel * samples + n) * channels + c]!;
  }
  return hostArray(shape.length === 4 ? [channels, height, width] : [channels], values);
}
