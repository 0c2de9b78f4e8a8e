/** The learning rate of a step, as a share of the peak; steps count from 0. */
export type Schedule = (step: number) => number;

/**
 * The schedule that a configuration names.
 *
 * - `constant`: 1 throughout.
 * - `cosine`: `(1 + cos(π · step / steps)) / 2`, from 1 to almost 0; Loshchilov and Hutter 2016, arXiv:1608.03983.
 * - `step:E:F`: times F after every E epochs; PyTorch's `StepLR(E, F)`.
 */
export function createSchedule(name: string, epochs: number, stepsPerEpoch: number): Schedule {
  const [kind, every, factor] = name.split(":");
  if (kind === "cosine")
    return (step) => (1 + Math.cos((Math.PI * step) / (epochs * stepsPerEpoch))) / 2;
  if (kind === "step")
    return (step) => Number(factor) ** Math.floor(step / stepsPerEpoch / Number(every));
  return () => 1;
}
