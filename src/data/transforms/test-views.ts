import { z } from "zod";
import { maxSide } from "./define-transform.js";
import type { Transform, TransformList } from "./transform.js";

/** Test-time augmentation: the views of each image whose probabilities are averaged. */
export const testViewsSchema = z.strictObject({
  /** Whether each view is also used mirrored. */
  mirror: z.boolean().default(false),
  /** Adds four views that are moved diagonally by this many pixels; 0 adds none. */
  shift: z.int().min(0).max(maxSide).default(0),
});

export type TestViews = z.output<typeof testViewsSchema>;

/** The image as it is. */
export const oneView: TestViews = { mirror: false, shift: 0 };

/**
 * The transforms of each view, the unchanged one first.
 *
 * A shift moves the image before the last `centerCrop`, so that pixels around the crop come into view; pixels outside
 * the image are black. With `mirror` and `shift`, on a square image of the crop's size plus `2 · shift`, these are the
 * ten crops of Krizhevsky et al. 2012, §4.1, and of torchvision's `TenCrop`.
 */
export function viewsOf(list: TransformList, { mirror, shift }: TestViews): TransformList[] {
  const crop = list.findLastIndex(({ type }) => type === "centerCrop");
  const before = crop < 0 ? list.length : crop;
  const moved = (x: number, y: number): TransformList => [
    ...list.slice(0, before),
    { type: "translate", x, y, fill: 0 },
    ...list.slice(before),
  ];
  const corners = [
    [shift, shift],
    [-shift, shift],
    [shift, -shift],
    [-shift, -shift],
  ] as const;
  const views = [list, ...(shift > 0 ? corners.map(([x, y]) => moved(x, y)) : [])];
  return mirror ? views.flatMap((view) => [view, [...view, mirrored]]) : views;
}

/** The number of views of each image. */
export const countViews = ({ mirror, shift }: TestViews): number =>
  (shift > 0 ? 5 : 1) * (mirror ? 2 : 1);

const mirrored: Transform = { type: "horizontalFlip" };
