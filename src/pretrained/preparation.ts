import type { Transform } from "../data/transforms/transform.js";
import type { PretrainedWeights } from "./pretrained-weights.js";

/** The part of an entry that says how pictures are prepared. */
export type Preparation = Pick<
  PretrainedWeights,
  "image" | "resize" | "interpolation" | "mean" | "std"
>;

/** How pictures become images of the model where nothing is drawn at random. */
export function evaluationTransforms({ image, resize, interpolation }: Preparation): Transform[] {
  const size = sizeOf(image);
  const by = interpolation ?? "bilinear";
  return [
    { type: "resize", size: resize ?? Math.min(image[1], image[2]), interpolation: by },
    { type: "centerCrop", size },
  ];
}

/** The usual augmentation of photographs, to images of the same size, resized likewise. */
export function trainingTransforms({ image, interpolation }: Preparation): Transform[] {
  return [
    { type: "randomResizedCrop", size: sizeOf(image), interpolation: interpolation ?? "bilinear" },
    { type: "randomHorizontalFlip" },
  ] as Transform[];
}

/** A square's side, or height and width. */
const sizeOf = ([, height, width]: Preparation["image"]): number | [number, number] =>
  height === width ? height : [height, width];

/**
 * Mean and deviation for images of this many channels: where weights for colour are summed for grey, the means of the
 * three.
 */
export function normalizeFor(
  { mean, std }: Preparation,
  channels: number,
): { readonly mean: number[]; readonly std: number[] } {
  const fitted = (values: readonly number[]): number[] => {
    if (values.length === channels) return [...values];
    const average = values.reduce((sum, value) => sum + value, 0) / values.length;
    return new Array<number>(channels).fill(average);
  };
  return { mean: fitted(mean), std: fitted(std) };
}
