import { gradients } from "../autodiff/gradients.js";
import { graphOf, type Graph } from "../graph/graph.js";
import { input, state, type Tensor } from "../graph/tensor.js";
import type { Module } from "../nn/module.js";
import { namedParameters } from "../nn/module.js";
import { traceModule } from "../nn/trace-module.js";
import { gatherLabels } from "../ops/gather-labels.js";
import { ingest, type IngestAttrs } from "../ops/ingest.js";
import { softmaxCrossEntropy } from "../ops/softmax-cross-entropy.js";
import type { Optimizer } from "./optimizers/optimizer.js";

/**
 * Arithmetic of a program. With `bf16`, activations and their gradients are stored as bfloat16, up to the classifier;
 * products are of bfloat16, and every sum, statistic, gradient of a parameter and update is float32.
 */
export type Precision = "fp32" | "bf16";

/** The data set that a program reads: uploaded once as state, addressed by row. */
export interface DataSource {
  /** The state is `data.<name>.images` and `data.<name>.labels`. */
  readonly name: string;
  readonly rows: number;
  /** `[H, W, C]`. */
  readonly imageShape: readonly [number, number, number];
  /** Mean and deviation of each channel, of pixels scaled to 0 … 1. */
  readonly normalise: IngestAttrs;
}

export const imagesState = (source: string): string => `data.${source}.images`;
export const labelsState = (source: string): string => `data.${source}.labels`;

export interface TrainStepOptions {
  readonly source: DataSource;
  readonly batchSize: number;
  readonly optimizer: Optimizer;
  /** Label smoothing ε in `[0, 1)`. Default 0. */
  readonly smoothing?: number;
  /** Default fp32. */
  readonly precision?: Precision;
}

/**
 * The graph of one training step: images by row index, model, loss, gradients, optimiser.
 *
 * Inputs: `indices` i32 [batchSize], the optimiser's registers, and `randomKey` i32 [2] where the model drops out.
 * Outputs: `loss` [] in nats, `correct` [], how many samples the model had right before the step.
 */
export function traceTrainStep(model: Module, options: TrainStepOptions): Graph {
  const { source, batchSize, optimizer, smoothing = 0, precision = "fp32" } = options;
  const { result, updates } = traceModule(model, true, () => {
    const { images, labels } = batchOf(source, batchSize, precision);
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
 * The graph of an evaluation: running statistics, no dropout, nothing changes.
 *
 * Input: `indices` i32 [batchSize]. Outputs: `logits` [batchSize, classes], `loss` [] in nats.
 */
export function traceEvaluation(
  model: Module,
  source: DataSource,
  batchSize: number,
  precision: Precision = "fp32",
): Graph {
  const { result } = traceModule(model, false, () => {
    const { images, labels } = batchOf(source, batchSize, precision);
    const logits = model.call(images);
    return { logits, loss: softmaxCrossEntropy(logits, labels).loss };
  });
  return graphOf(result);
}

function batchOf(
  source: DataSource,
  batchSize: number,
  precision: Precision,
): { readonly images: Tensor; readonly labels: Tensor } {
  const { name, rows, imageShape, normalise } = source;
  const indices = input("indices", [batchSize], "i32");
  const bytes = state(imagesState(name), [rows, ...imageShape], "u8");
  return {
    images: ingest(bytes, indices, normalise, precision === "bf16" ? "bf16" : "f32"),
    labels: gatherLabels(state(labelsState(name), [rows], "i32"), indices),
  };
}
