import { Draws } from "../../data/transforms/draws.js";
import type { RandomKey } from "../../tensor/random.js";
import type { Shape } from "../../tensor/shape.js";
import type { TrainConfig } from "../config/config.js";

/** How a batch is mixed: the registers of `mixSamples`, and of the loss. */
export interface Mix {
  /** What is left of an image outside the box. */
  readonly share: number;
  /** Top, left, bottom, right, in pixels. */
  readonly box: readonly [number, number, number, number];
  /** What is left of an image as a whole, and so of its label. */
  readonly labelShare: number;
}

type MixSettings = Pick<TrainConfig, "mixup" | "cutmix">;

/** Whether images are mixed with their neighbours. */
export const isMixing = ({ mixup, cutmix }: MixSettings): boolean =>
  mixup !== null || cutmix !== null;

/**
 * One draw for a batch, as in torchvision's `MixUp` and `CutMix`; with both set, a coin says which.
 *
 * @param shape of the images, `[H, W, ...]`
 */
export function drawMix({ mixup, cutmix }: MixSettings, shape: Shape, key: RandomKey): Mix {
  const draws = new Draws(key);
  const cuts = cutmix !== null && (mixup === null || draws.chance(0.5));
  const lambda = drawBeta((cuts ? cutmix : mixup) ?? 1, draws);
  if (!cuts) return { share: lambda, box: [0, 0, 0, 0], labelShare: lambda };
  const [height = 1, width = 1] = shape;
  const [centreY, centreX] = [draws.integer(height), draws.integer(width)];
  const radius = Math.sqrt(1 - lambda) / 2;
  const [halfHeight, halfWidth] = [Math.floor(radius * height), Math.floor(radius * width)];
  const [top, bottom] = [Math.max(centreY - halfHeight, 0), Math.min(centreY + halfHeight, height)];
  const [left, right] = [Math.max(centreX - halfWidth, 0), Math.min(centreX + halfWidth, width)];
  const area = (bottom - top) * (right - left);
  return { share: 1, box: [top, left, bottom, right], labelShare: 1 - area / (height * width) };
}

/** A number of Beta(α, α). Source: Jöhnk 1964, "Erzeugung von betaverteilten und gammaverteilten Zufallszahlen". */
export function drawBeta(alpha: number, draws: Draws): number {
  for (;;) {
    const x = draws.uniform() ** (1 / alpha);
    const y = draws.uniform() ** (1 / alpha);
    if (x + y > 0 && x + y <= 1) return x / (x + y);
  }
}
