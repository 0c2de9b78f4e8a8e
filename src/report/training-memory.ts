import type { Module } from "../nn/module.js";
import { plan } from "../planner/plan.js";
import { sizeOf, type Shape } from "../tensor/shape.js";
import { residentTracer } from "../train/sources/resident-source.js";
import { isDataState, isOptimizerState } from "../train/state-names.js";
import { sgd } from "../train/optimizers.js";
import { traceTrainStep } from "../train/step.js";

/** Memory while training in fp32 by SGD with momentum; the data set is left out. */
export interface TrainingMemory {
  /** Images in one step. */
  readonly batch: number;
  /** Parameters and running statistics. */
  readonly parameterBytes: number;
  /** The state of the optimizer: a velocity for each parameter. */
  readonly optimizerBytes: number;
  /** Arena of the planned step: activations and gradients, which share memory where they are not alive together. */
  readonly arenaBytes: number;
  readonly totalBytes: number;
}

/**
 * Plans a training step to see what memory it takes.
 *
 * @throws {ShapeError} if the model does not take images `[C, H, W]`
 * @throws {ResnetError} `ERR_ATTRIBUTE` if a batch norm would see one value for each channel
 */
export function trainingMemory(
  model: Module,
  [channels = 1, height = 1, width = 1]: Shape,
  batch: number,
): TrainingMemory {
  const normalize = {
    mean: Array<number>(channels).fill(0),
    std: Array<number>(channels).fill(1),
  };
  const graph = traceTrainStep(model, {
    source: residentTracer("train", [batch, height, width, channels], normalize),
    batchSize: batch,
    optimizer: sgd({ momentum: 0.9 }),
  });
  const state = [...graph.leaves].filter(
    ([{ kind }, name]) => kind === "state" && !isDataState(name),
  );
  const bytes = (isCounted: (name: string) => boolean): number =>
    state.reduce((sum, [{ shape }, name]) => sum + (isCounted(name) ? 4 * sizeOf(shape) : 0), 0);
  const optimizerBytes = bytes(isOptimizerState);
  const parameterBytes = bytes(() => true) - optimizerBytes;
  const { arenaBytes } = plan("train-step", graph);
  const totalBytes = parameterBytes + optimizerBytes + arenaBytes;
  return { batch, parameterBytes, optimizerBytes, arenaBytes, totalBytes };
}
