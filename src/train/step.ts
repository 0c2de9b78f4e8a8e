import { checkLabels } from "../data/labels.js";
import { gradients } from "../autodiff/gradients.js";
import { graphOf, type Graph } from "../graph/graph.js";
import { input, state, type Leaf, type Tensor } from "../graph/tensor.js";
import { namedParameters, namedState, type Module } from "../nn/module.js";
import { traceModule } from "../nn/trace-module.js";
import { add } from "../ops/add.js";
import { clipScale } from "../ops/clip-scale.js";
import { constant } from "../ops/constant.js";
import { lerp } from "../ops/lerp.js";
import { mixSamplesOp } from "../ops/mix-samples.js";
import { softmaxCrossEntropy } from "../ops/softmax-cross-entropy.js";
import { squaredNorm } from "../ops/squared-norm.js";
import type { BatchTracer } from "./sources/batch-source.js";
import type { StateName } from "./weights/model-state.js";
import type { Optimizer, ParameterGradient } from "./optimizers.js";
import type { ParameterGroups } from "./parameter-groups.js";
import type { Precision } from "./config/precision.js";
import { averageState, gradientSumState } from "./state-names.js";

/** What a training step is made of, up to the gradients. */
export interface GradientOptions {
  readonly source: BatchTracer;
  readonly batchSize: number;
  /** Label smoothing ε in `[0, 1]`. Default 0. */
  readonly labelSmoothing?: number;
  /** What a sample of each of so many classes counts. Default null: all the same. */
  readonly classWeights?: ((classes: number) => readonly number[]) | null;
  /** Default fp32. */
  readonly precision?: Precision;
  /** What is frozen, and whose rate is another. Default: all parameters are trained alike. */
  readonly groups?: ParameterGroups;
  /** Whether weight decay spares vectors: biases and batch norms. Default false. */
  readonly decaysWeightsOnly?: boolean;
  /** Whether each image is mixed with its neighbour. Default false. Registers: `mixShare`, `mixBox`, `labelShare`. */
  readonly mixes?: boolean;
  /**
   * Whether gradients are summed over micro-batches, each weighted by `gradientWeight`, its fraction of the step's
   * samples. Default false. Register: `gradientWeight`.
   */
  readonly accumulates?: boolean;
}

export interface TrainStepOptions extends GradientOptions {
  readonly optimizer: Optimizer;
  /** The norm that all gradients together are scaled down to. Default: none. */
  readonly clipNorm?: number | null;
  /** Whether averages of all state are kept, as `averageState` names them. Default false. Register: `emaWeight`. */
  readonly averages?: boolean;
}

/**
 * The graph of one training step: a batch, the model, the loss, gradients, and the optimizer.
 *
 * Inputs: those of the source's batches, the registers of the optimizer and of the options, and `randomKey` i32 [2] if
 * the model has dropout. Outputs: `loss` [] in nats; `correct` [], the number of samples that the model classified
 * correctly before the step; and with `clipNorm` `gradientNorm` [], the norm before clipping.
 */
export function traceTrainStep(model: Module, options: TrainStepOptions): Graph {
  const { optimizer, clipNorm = null, averages = false } = options;
  const { result, updates } = traceModule(
    model,
    true,
    () => {
      const { loss, correct, gradients, sums } = traceGradients(model, options);
      // The next step starts its sums from zero.
      const cleared = [...sums.keys()].map((sum) => [sum, constant(0, sum.shape)] as const);
      if (clipNorm === null) {
        const stepped = optimizer.trace(gradients);
        return { outputs: { loss, correct }, updates: new Map([...stepped, ...cleared]) };
      }
      const norm2 = squaredNorm(gradients.map(({ gradient }) => gradient));
      const { scale, norm } = clipScale(norm2, clipNorm);
      const stepped = optimizer.trace(gradients, scale);
      const outputs: Graph["outputs"] = { loss, correct, gradientNorm: norm };
      return { outputs, updates: new Map([...stepped, ...cleared]) };
    },
    options.groups?.isFrozen,
  );
  const all = new Map([...updates, ...result.updates]);
  const kept = averages ? traceAverages(model, all) : [];
  return graphOf(result.outputs, new Map([...all, ...kept]));
}

/**
 * The graph of a micro-batch that adds its weighted gradients to `gradientSumState`, for the step that ends with a later
 * micro-batch.
 *
 * Inputs and outputs are those of `traceTrainStep`.
 */
export function traceAccumulation(model: Module, options: GradientOptions): Graph {
  const { result, updates } = traceModule(
    model,
    true,
    () => traceGradients(model, { ...options, accumulates: true }),
    options.groups?.isFrozen,
  );
  const { loss, correct, sums } = result;
  return graphOf({ loss, correct }, new Map([...updates, ...sums]));
}

/** The loss, the hits, and the gradient of every parameter that is trained. */
function traceGradients(model: Module, options: GradientOptions): TracedGradients {
  const { groups, decaysWeightsOnly = false, accumulates = false } = options;
  const { loss, correct } = traceLoss(model, options);
  const trained = [...namedParameters(model)].filter(([name]) => !groups?.isFrozen(name));
  const gradientOf = gradients(
    loss,
    trained.map(([, parameter]) => parameter),
    accumulates ? input("gradientWeight", []) : undefined,
  );
  const sums = new Map<Leaf, Tensor>();
  const all = trained.map(([name, parameter]): ParameterGradient => {
    let gradient = gradientOf.get(parameter)!;
    if (accumulates) {
      const sum = state(gradientSumState(name), parameter.shape);
      gradient = add(sum, gradient);
      sums.set(sum, gradient);
    }
    return {
      name,
      parameter,
      gradient,
      lrScale: groups?.lrScale(name) ?? 1,
      decays: !decaysWeightsOnly || parameter.shape.length > 1,
    };
  });
  return { loss, correct, gradients: all, sums };
}

interface TracedGradients {
  readonly loss: Tensor;
  readonly correct: Tensor;
  readonly gradients: readonly ParameterGradient[];
  /** Where gradients accumulate: each sum, and its value with this micro-batch. */
  readonly sums: ReadonlyMap<Leaf, Tensor>;
}

function traceLoss(
  model: Module,
  options: GradientOptions,
): { readonly loss: Tensor; readonly correct: Tensor } {
  const { source, batchSize, precision = "fp32", mixes = false } = options;
  const classify = (x: Tensor): Tensor => {
    const logits = model.call(x);
    checkClasses(source, "the training images", logits);
    return logits;
  };
  const { images, labels } = source.trace(batchSize, precision, true);
  if (!mixes) return traceCrossEntropy(classify(images), labels, options);
  const share = input("mixShare", []);
  const box = input("mixBox", [4], "i32");
  const { y, neighbourLabels } = mixSamplesOp.trace({ x: images, labels, share, box }, {});
  const logits = classify(y);
  const { loss, correct } = traceCrossEntropy(logits, labels, options);
  const neighbour = traceCrossEntropy(logits, neighbourLabels, options);
  return { loss: lerp(neighbour.loss, loss, input("labelShare", [])), correct };
}

function traceCrossEntropy(
  logits: Tensor,
  labels: Tensor,
  { labelSmoothing = 0, classWeights }: GradientOptions,
): { readonly loss: Tensor; readonly correct: Tensor } {
  const [, classes = 0] = logits.shape;
  return softmaxCrossEntropy(logits, labels, {
    smoothing: labelSmoothing,
    ...(classWeights && { classWeights: classWeights(classes) }),
  });
}

/** Refuses labels that the model has no class for. @throws {DataError} `ERR_DATA_LABEL`, naming the first such row */
function checkClasses({ labels }: BatchTracer, where: string, { shape }: Tensor): void {
  if (labels) checkLabels(labels, where, shape[1] ?? 0);
}

/** The running averages of all state that a step changes. */
function traceAverages(
  model: Module,
  updates: ReadonlyMap<Leaf, Tensor>,
): (readonly [Leaf, Tensor])[] {
  const weight = input("emaWeight", []);
  return [...namedState(model)].flatMap(([name, leaf]) => {
    const value = updates.get(leaf);
    const average = state(averageState(name), leaf.shape);
    return value ? [[average, lerp(average, value, weight)] as const] : [];
  });
}

/**
 * The graph of an evaluation: running statistics, no dropout, no augmentation, nothing changes.
 *
 * Inputs: those of the source's batches. Outputs: `logits` [batchSize, classes], `loss` [] in nats.
 *
 * @param stateName the executor's name for a parameter or statistic of the model. Default: its own
 */
export function traceEvaluation(
  model: Module,
  source: BatchTracer,
  batchSize: number,
  precision: Precision = "fp32",
  stateName: StateName = (name) => name,
): Graph {
  const { result } = traceModule(model, false, () => {
    const { images, labels } = source.trace(batchSize, precision, false);
    const logits = model.call(images);
    checkClasses(source, "the images to evaluate", logits);
    return { logits, loss: softmaxCrossEntropy(logits, labels).loss };
  });
  const names = new Map([...namedState(model)].map(([name, leaf]) => [leaf, stateName(name)]));
  return graphOf(result, new Map(), names);
}
