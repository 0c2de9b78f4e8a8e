import { hostArray } from "../../tensor/host-array.js";
import { dims4 } from "../../tensor/shape.js";
import type { Dataset } from "../dataset.js";
import { composeTransforms, transformedShape } from "./compose-transforms.js";
import type { TransformList } from "./transform.js";

/**
 * The data set with every image transformed, once and for all.
 *
 * @param list transforms that draw nothing: `splitTransforms(list).once`
 * @throws {DataError} `ERR_DATA_TRANSFORM` where the images do not fit
 */
export function transformDataset<Data extends Pick<Dataset, "images">>(
  data: Data,
  list: TransformList,
): Data {
  if (list.length === 0) return data;
  const [rows, height, width, channels] = dims4(data.images);
  const from = { height, width, channels };
  const to = transformedShape(list, from);
  const [bytes, madeBytes] = [from, to].map((each) => each.height * each.width * each.channels);
  const transform = composeTransforms(list);
  const images = hostArray([rows, to.height, to.width, to.channels], undefined, "u8");
  for (let row = 0; row < rows; row++) {
    const image = data.images.data.subarray(row * bytes!, (row + 1) * bytes!);
    images.data.set(transform({ ...from, data: image }, null).data, row * madeBytes!);
  }
  return { ...data, images };
}
