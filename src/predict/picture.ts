import { loadImage } from "../node/data/loader/load-image.js";
import type { ImageBytes } from "../data/transforms/image-bytes.js";
import type { Transform } from "../data/transforms/transform.js";
import { ResnetError } from "../tensor/error.js";
import type { CheckpointDescription } from "../node/runs/checkpoint.js";

/**
 * Reads a picture as the model was shown those of its evaluation: the same transforms, and where these leave another
 * size, one more resize to the size that it takes.
 *
 * @returns a function of a file's path
 * @throws {ResnetError} `ERR_CHECKPOINT` if the model takes neither grey nor coloured images; the returned function: the
 *   codes of `loadImage`
 */
export function pictureLoader({
  imageShape: [height, width, channels],
  transforms = [],
}: CheckpointDescription): (file: string) => Promise<ImageBytes> {
  if (channels !== 1 && channels !== 3) {
    throw new ResnetError(
      "ERR_CHECKPOINT",
      `the model takes images of ${channels} channels, but a picture has 1 or 3`,
    );
  }
  const toSize: Transform = {
    type: "resize",
    size: [height, width],
    interpolation: "bilinear",
  };
  return (file) =>
    loadImage({
      file,
      channels,
      transforms: [...transforms, toSize],
      key: null,
      shape: { height, width, channels },
    });
}
