import type { z } from "zod";
import { parseSettings } from "../../data/parse-settings.js";
import { checkNumber } from "../../tensor/check-options.js";
import { initialPlateau, type PlateauState } from "./plateau.js";
import { scheduleSchema, type ScheduleConfig } from "./schedule-config.js";
import { epochsIn, type Span } from "./span.js";

/**
 * The learning rate of a step, as a share of the peak; steps count from 0.
 *
 * @param plateau what a schedule that watches a metric has seen so far; the others do not ask
 */
export type Schedule = (step: number, plateau?: PlateauState) => number;

/** The curve of each kind after its warm-up: share of the peak at step t of `steps`. */
type Curve = (t: number, steps: number, plateau: PlateauState) => number;

/**
 * The schedule that a configuration describes; docs/training.md has the formulae.
 *
 * The warm-up grows by equal steps to where the course begins (Goyal et al. 2017, arXiv:1706.02677, §2.2); what comes after it counts
 * from its end, as in PyTorch's `SequentialLR`.
 *
 * @param settings data, or a short form such as `cosine:5`
 * @throws {ResnetError} `ERR_CONFIG` if it is not a schedule
 */
export function createSchedule(
  settings: z.input<typeof scheduleSchema>,
  epochs: number,
  stepsPerEpoch: number,
): Schedule {
  const config = parseSettings(scheduleSchema, settings, "the schedule");
  checkNumber("createSchedule", "epochs", epochs, { least: 0, above: true });
  checkNumber("createSchedule", "stepsPerEpoch", stepsPerEpoch, { least: 0, above: true });
  const stepsIn = (span: Span): number => Math.round(epochsIn(span, epochs) * stepsPerEpoch);
  const warmup = stepsIn(config.warmup);
  const curve = curveOf(config, stepsIn);
  const steps = stepsIn(epochs) - warmup;
  const beginning = beginningOf(config);
  return (step, plateau = initialPlateau) =>
    step < warmup ? ((step + 1) / warmup) * beginning : curve(step - warmup, steps, plateau);
}

/** The first value of a course, even if the warm-up leaves it no steps. */
const beginningOf = (config: ScheduleConfig): number =>
  config.kind === "one-cycle" && config.rise > 0 ? 1 / config.startDivisor : 1;

function curveOf(config: ScheduleConfig, stepsIn: (span: Span) => number): Curve {
  switch (config.kind) {
    case "constant":
      return () => 1;
    case "step": {
      // StepLR
      const every = Math.max(1, stepsIn(config.every));
      return (t) => config.factor ** Math.floor(t / every);
    }
    case "multi-step": {
      // MultiStepLR
      const milestones = config.milestones.map(stepsIn);
      return (t) => config.factor ** milestones.filter((milestone) => t >= milestone).length;
    }
    case "exponential": {
      // ExponentialLR
      const epoch = stepsIn(1);
      return (t) => config.factor ** (t / epoch);
    }
    case "cosine": // CosineAnnealingLR; Loshchilov and Hutter 2016, arXiv:1608.03983
      return (t, steps) => between(config.floor, 1, cosine(t / steps));
    case "polynomial": // PolynomialLR
      return (t, steps) => (1 - t / steps) ** config.power;
    case "one-cycle":
      return oneCycle(config);
    case "plateau":
      return (_t, _steps, { share }) => share;
  }
}

/** `OneCycleLR`; Smith and Topin 2017, arXiv:1708.07120. */
function oneCycle({
  rise,
  startDivisor,
  endDivisor,
  anneal,
}: Extract<ScheduleConfig, { kind: "one-cycle" }>): Curve {
  const start = 1 / startDivisor;
  const end = start / endDivisor;
  const falling = anneal === "cosine" ? cosine : (part: number) => 1 - part;
  return (t, steps) => {
    const peak = rise * steps - 1;
    return t < peak
      ? between(1, start, falling(t / peak))
      : between(end, 1, falling((t - peak) / (steps - 1 - peak)));
  };
}

/** From 1 at 0 to 0 at 1, flat at both ends. */
const cosine = (part: number): number => (1 + Math.cos(Math.PI * part)) / 2;

const between = (low: number, high: number, share: number): number => low + (high - low) * share;
