/** The learning rate of a step, as a share of the peak; steps count from 0. */
export type Schedule = (step: number) => number;

/**
 * The schedule that a configuration names.
 *
 * - `constant`: 1 throughout.
 * - `cosine`: `(1 + cos(π · t)) / 2` for t from 0 to almost 1; Loshchilov and Hutter 2016, arXiv:1608.03983.
 * - `cosine:W`: the same after a warm-up of W epochs, in which the rate grows by equal steps up to the peak;
 *   Goyal et al. 2017, arXiv:1706.02677, §2.2.
 * - `step:E:F`: times F after every E epochs; PyTorch's `StepLR(E, F)`.
 */
export function createSchedule(name: string, epochs: number, stepsPerEpoch: number): Schedule {
  const [kind, length = "0", factor] = name.split(":");
  const steps = Number(length) * stepsPerEpoch;
  if (kind === "step") return (step) => Number(factor) ** Math.floor(step / steps);
  if (kind === "cosine") {
    const annealing = epochs * stepsPerEpoch - steps;
    return (step) =>
      step < steps
        ? (step + 1) / steps
        : (1 + Math.cos((Math.PI * (step - steps)) / annealing)) / 2;
  }
  return () => 1;
}
