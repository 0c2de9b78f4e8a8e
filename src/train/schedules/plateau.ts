import type { ScheduleConfig } from "./schedule-config.js";

/** The state of a plateau schedule between epochs. Plain data. */
export interface PlateauState {
  /** The least penalty so far; null before the first epoch. */
  readonly best: number | null;
  /** Epochs in a row that were no better. */
  readonly badEpochs: number;
  /** Epochs in which nothing counts yet. */
  readonly cooldown: number;
  /** The learning rate, as a share of the peak. */
  readonly share: number;
}

export const initialPlateau: PlateauState = { best: null, badEpochs: 0, cooldown: 0, share: 1 };

/**
 * The state after an epoch. PyTorch's `ReduceLROnPlateau` with `threshold_mode="rel"` and `eps=0`.
 *
 * @param penalty the metric, as a number that is better when lower
 */
export function nextPlateau(
  { best, badEpochs, cooldown, share }: PlateauState,
  penalty: number,
  config: Extract<ScheduleConfig, { kind: "plateau" }>,
): PlateauState {
  const isBetter = best === null || penalty < best - Math.abs(best) * config.threshold;
  const resting = Math.max(0, cooldown - 1);
  const bad = isBetter || cooldown > 0 ? 0 : badEpochs + 1;
  const next = { best: isBetter ? penalty : best, badEpochs: bad, cooldown: resting, share };
  if (bad <= config.patience) return next;
  return {
    ...next,
    badEpochs: 0,
    cooldown: config.cooldown,
    share: Math.max(config.floor, share * config.factor),
  };
}
