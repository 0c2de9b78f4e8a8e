import { Draws } from "../data/transforms/draws.js";
import type { RunInputs } from "../executors/executor.js";
import { hostArray } from "../tensor/host-array.js";
import type { RandomKey } from "../tensor/random.js";
import type { Shape } from "../tensor/shape.js";
import type { TrainConfig } from "./config/config.js";

/** How a batch is mixed with its neighbours. */
export interface Mix {
  /** Fraction of an image that is kept outside the box. */
  readonly share: number;
  /** Top, left, bottom, right, in pixels. */
  readonly box: readonly [number, number, number, number];
  /** Fraction of a whole image that is kept: the weight of its own label. */
  readonly labelShare: number;
}

type MixSettings = Partial<Pick<TrainConfig, "mixup" | "cutmix">>;

/** Whether mixup or cutmix is on. */
export const isMixing = ({ mixup = null, cutmix = null }: MixSettings): boolean =>
  mixup !== null || cutmix !== null;

/**
 * One draw for a batch, as in torchvision's `MixUp` and `CutMix`; with both set, a coin says which.
 *
 * @param shape of the images, `[H, W, ...]`
 */
export function drawMix(
  { mixup = null, cutmix = null }: MixSettings,
  shape: Shape,
  key: RandomKey,
): Mix {
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

/** The registers of `mixSamples` and of the mixed loss, for one draw. */
export function mixRegisters(settings: MixSettings, shape: Shape, key: RandomKey): RunInputs {
  const { share, box, labelShare } = drawMix(settings, shape, key);
  return { mixShare: share, mixBox: hostArray([4], box, "i32"), labelShare };
}

/** A number of Beta(α, α). Source: Jöhnk 1964, "Erzeugung von betaverteilten und gammaverteilten Zufallszahlen". */
export function drawBeta(alpha: number, draws: Draws): number {
  for (;;) {
    const x = draws.uniform() ** (1 / alpha);
    const y = draws.uniform() ** (1 / alpha);
    if (x + y > 0 && x + y <= 1) return x / (x + y);
  }
}
