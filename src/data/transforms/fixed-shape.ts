import { DataError } from "../data-error.js";
import { transformedShape } from "./compose-transforms.js";
import { formatSize, type ImageChannels, type ImageShape } from "./image-bytes.js";
import { formatTransforms } from "./transform-text.js";
import type { TransformList } from "./transform.js";

/**
 * The one shape that a list of transforms gives photographs, whatever their size.
 *
 * @throws {DataError} `ERR_DATA_TRANSFORM` if it depends on the photograph's
 */
export function fixedShape(list: TransformList, channels: ImageChannels): ImageShape {
  const wide = transformedShape(list, { height: 1000, width: 1500, channels });
  const tall = transformedShape(list, { height: 2000, width: 1000, channels });
  if (wide.height === tall.height && wide.width === tall.width) return wide;
  throw new DataError(
    "ERR_DATA_TRANSFORM",
    `the transforms (${formatTransforms(list)}) leave photographs of different sizes, such as` +
      ` ${formatSize(wide)} and ${formatSize(tall)}: end them with one size, such as centerCrop(224)`,
  );
}
