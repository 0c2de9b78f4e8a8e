import type { RandomKey } from "../../tensor/random.js";
import { centered } from "./placing-transforms.js";
import { transformedShape } from "./compose-transforms.js";
import { Draws, foldIn, sampleKey } from "./draws.js";
import type { ImageShape, ImageSize } from "./image-bytes.js";
import { cropAxis, fillBytes, inPlace, type Fill, type Placement } from "./placement.js";
import { isRandom, rulesOf, type TransformList } from "./transform.js";

/** Crops, flips and erasing (`splitTransforms(list).inKernel`) as numbers for one pass over a batch. */
export interface BatchPlacement {
  /** Size of the resulting images. */
  readonly size: ImageSize;
  /** Byte of each channel, for pixels outside the image and for erased ones. */
  readonly fill: readonly number[];
  readonly eraseFill: readonly number[];
  /**
   * Eight numbers for each row, as the op `ingest` takes them: `rowStart rowStep columnStart columnStep top left
   * bottom right`. The result equals that of `composeTransforms` for each row.
   *
   * @param key the epoch's key; null skips random transforms and takes the centre crop
   * @param visits how often the epoch has used each row before. Default 0
   */
  place(rows: ArrayLike<number>, key: RandomKey | null, visits?: ArrayLike<number>): Int32Array;
}

/**
 * @param firstIndex index of the list's first transform in the whole list
 * @throws {DataError} `ERR_DATA_TRANSFORM` where the transforms do not fit the images
 */
export function placeBatch(
  list: TransformList,
  firstIndex: number,
  image: ImageShape,
): BatchPlacement {
  const size = transformedShape(list, image);
  const middle = middleOf(
    list
      .filter((transform) => !isRandom(transform))
      .reduce(
        (placement, transform) =>
          rulesOf(transform).placing!.place(placement, transform, new Draws(null)),
        inPlace(image),
      ),
    size,
  );
  const fillOf = (kind: string): number[] => {
    const transform = list.find((each) => rulesOf(each).placing?.kind === kind);
    const { fill = 0 } = (transform ?? {}) as { readonly fill?: Fill };
    return fillBytes(fill, image.channels);
  };
  const placementOf = (key: RandomKey): Placement =>
    list.reduce((placement, transform, i) => {
      const draws = new Draws(foldIn(key, firstIndex + i));
      return rulesOf(transform).placing!.place(placement, transform, draws);
    }, inPlace(image));
  return {
    size,
    fill: fillOf("crop"),
    eraseFill: fillOf("erase"),
    place(rows, key, visits) {
      const numbers = new Int32Array(rows.length * 8);
      for (let i = 0; i < rows.length; i++) {
        const placed = key ? placementOf(sampleKey(key, rows[i]!, visits?.[i])) : middle;
        numbers.set(numbersOf(placed), i * 8);
      }
      return numbers;
    },
  };
}

function middleOf({ rows, columns, erased }: Placement, { height, width }: ImageSize): Placement {
  return {
    rows: cropAxis(rows, centered(rows.size, height), height),
    columns: cropAxis(columns, centered(columns.size, width), width),
    erased,
  };
}

function numbersOf({ rows, columns, erased }: Placement): number[] {
  const from = [rows.start, rows.step, columns.start, columns.step];
  return [...from, erased.top, erased.left, erased.bottom, erased.right];
}
