import { gradients } from "../autodiff/gradients.js";
import { graphOf, type Graph } from "../graph/graph.js";
import type { Module } from "../nn/module.js";
import { namedParameters } from "../nn/module.js";
import { traceModule } from "../nn/trace-module.js";
import { softmaxCrossEntropy } from "../ops/softmax-cross-entropy.js";
import type { BatchTracer } from "./batch-source.js";
import type { Optimizer } from "./optimizers/optimizer.js";
import type { Precision } from "./precision.js";

export interface TrainStepOptions {
  readonly source: BatchTracer;
  readonly batchSize: number;
  readonly optimizer: Optimizer;
  /** Label smoothing ε in `[0, 1)`. Default 0. */
  readonly smoothing?: number;
  /** Default fp32. */
  readonly precision?: Precision;
}

/**
 * The graph of one training step: a batch, model, loss, gradients, optimiser.
 *
 * Inputs: those of the source's batches, the optimiser's registers, and `randomKey` i32 [2] where the model drops out.
 * Outputs: `loss` [] in nats, `correct` [], how many samples the model had right before the step.
 */
export function traceTrainStep(model: Module, options: TrainStepOptions): Graph {
  const { source, batchSize, optimizer, smoothing = 0, precision = "fp32" } = options;
  const { result, updates } = traceModule(model, true, () => {
    const { images, labels } = source.trace(batchSize, precision, true);
    const { loss, correct } = softmaxCrossEntropy(model.call(images), labels, { smoothing });
    const parameters = namedParameters(model);
    const gradientOf = gradients(loss, parameters.values());
    const steps = optimizer.trace(
      [...parameters].map(([name, parameter]) => ({
        name,
        parameter,
        gradient: gradientOf.get(parameter)!,
      })),
    );
    return { loss, correct, steps };
  });
  return graphOf(
    { loss: result.loss, correct: result.correct },
    new Map([...updates, ...result.steps]),
  );
}

/**
 * The graph of an evaluation: running statistics, no dropout, no augmentation, nothing changes.
 *
 * Inputs: those of the source's batches. Outputs: `logits` [batchSize, classes], `loss` [] in nats.
 */
export function traceEvaluation(
  model: Module,
  source: BatchTracer,
  batchSize: number,
  precision: Precision = "fp32",
): Graph {
  const { result } = traceModule(model, false, () => {
    const { images, labels } = source.trace(batchSize, precision, false);
    const logits = model.call(images);
    return { logits, loss: softmaxCrossEntropy(logits, labels).loss };
  });
  return graphOf(result);
}
