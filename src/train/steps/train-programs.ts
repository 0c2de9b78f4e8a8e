import type { Executor } from "../../executors/executor.js";
import type { Module } from "../../nn/module.js";
import { plan } from "../../planner/plan.js";
import type { BatchSource } from "../sources/batch-source.js";
import { classWeightsOf } from "./class-weights.js";
import type { TrainConfig } from "../config/config.js";
import { isMixing } from "./draw-mix.js";
import { programsBySize, type ProgramsBySize } from "../evaluate.js";
import { microBatches } from "./micro-batches.js";
import { createOptimizer } from "../optimizers/create-optimizer.js";
import type { ParameterGroups } from "./parameter-groups.js";
import { traceAccumulation, traceTrainStep } from "./train-step.js";

/** The programs that one step runs: for the micro-batches that wait, and for the one that ends the step. */
export interface TrainPrograms {
  readonly accumulate: ProgramsBySize;
  readonly step: ProgramsBySize;
}

/** Plans the programs for every size that comes up in an epoch: what does not fit is refused here. */
export async function trainPrograms(
  executor: Executor,
  model: Module,
  config: TrainConfig,
  source: BatchSource,
  groups: ParameterGroups,
): Promise<TrainPrograms> {
  const optimizer = createOptimizer(config);
  const optionsOf = (batchSize: number) => ({
    source,
    batchSize,
    smoothing: config.smoothing,
    classWeights: classWeightsOf(config, source.labels),
    precision: config.precision,
    groups,
    decaysWeightsOnly: config.weightDecayOn === "weights",
    mixes: isMixing(config),
    accumulates: config.accumulate > 1,
    optimizer,
    clipNorm: config.clipNorm,
    averages: config.emaDecay !== null,
  });
  const programs = {
    accumulate: programsBySize(executor, (n) =>
      plan("accumulate", traceAccumulation(model, optionsOf(n)), executor.traits),
    ),
    step: programsBySize(executor, (n) =>
      plan("train-step", traceTrainStep(model, optionsOf(n)), executor.traits),
    ),
  };
  const samples = config.batch * config.accumulate;
  for (const size of [Math.min(samples, source.rows), source.rows % samples || samples]) {
    for (const { rows, isLast } of microBatches(new Int32Array(size), config.batch))
      await programs[isLast ? "step" : "accumulate"](rows.length);
  }
  return programs;
}
