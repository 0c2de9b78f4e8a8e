import { checkLabels } from "../data/labels.js";
import { gradients } from "../autodiff/gradients.js";
import { graphOf, type Graph } from "../graph/graph.js";
import { input, state, Tensor, type Leaf } from "../graph/tensor.js";
import { namedParameters, namedState, type AnyModule } from "../nn/module.js";
import { traceModule } from "../nn/trace-module.js";
import { add } from "../ops/add.js";
import { clipScale } from "../ops/clip-scale.js";
import { constant } from "../ops/constant.js";
import { lerp } from "../ops/lerp.js";
import { mixSamplesOp } from "../ops/mix-samples.js";
import { squaredNorm } from "../ops/squared-norm.js";
import { UsageError } from "../tensor/error.js";
import { crossEntropy, lossOutputs, type Loss, type Targets } from "./loss.js";
import { callModel, type Several } from "./several.js";
import type { BatchTracer } from "./sources/batch-source.js";
import type { StateName } from "../checkpoint/model-state.js";
import type { Optimizer, ParameterGradient } from "./optimizers.js";
import type { ParameterGroups } from "./parameter-groups.js";
import type { Precision } from "../program/precision.js";
import { averageState, gradientSumState } from "./state-names.js";
import { traceWatches } from "./watches.js";

/** The options of a training step, up to the gradients. */
export interface GradientOptions {
  readonly source: BatchTracer;
  readonly batchSize: number;
  /** Default: `crossEntropy()`. */
  readonly loss?: Loss<Targets>;
  /** Default fp32. */
  readonly precision?: Precision;
  /** The frozen parts, and the parts with another learning rate. Default: all parameters are trained alike. */
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
  /** Modules, as `layer2.1`, whose outputs the step gives, and modules or parameters, as `fc.weight.grad`, whose gradients. */
  readonly watched?: Iterable<string>;
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
 * Inputs: those of the source's batches, the registers of the optimizer and of the options, the scalars of the loss, and
 * `randomKey` i32 [2] if the model has dropout. Outputs: those of the loss, `loss` [] and with `crossEntropy` `correct` [],
 * both before the step; with `clipNorm` `gradientNorm` [], the norm before clipping; and those that are watched.
 */
export function traceTrainStep(model: AnyModule, options: TrainStepOptions): Graph {
  const { optimizer, clipNorm = null, averages = false } = options;
  const { result, updates } = traceModule(
    model,
    true,
    () => {
      const { outputs, gradients, sums } = traceGradients(model, options);
      // The next step starts its sums from zero.
      const cleared = [...sums.keys()].map((sum) => [sum, constant(0, sum.shape)] as const);
      if (clipNorm === null) {
        const stepped = optimizer.trace(gradients);
        return { outputs, updates: new Map([...stepped, ...cleared]) };
      }
      const norm2 = squaredNorm(gradients.map(({ gradient }) => gradient));
      const { scale, norm } = clipScale(norm2, clipNorm);
      const stepped = optimizer.trace(gradients, scale);
      return {
        outputs: { ...outputs, gradientNorm: norm },
        updates: new Map([...stepped, ...cleared]),
      };
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
export function traceAccumulation(model: AnyModule, options: GradientOptions): Graph {
  const { result, updates } = traceModule(
    model,
    true,
    () => traceGradients(model, { ...options, accumulates: true }),
    options.groups?.isFrozen,
  );
  return graphOf(result.outputs, new Map([...updates, ...result.sums]));
}

/** The outputs of a step, and the gradient of every parameter that is trained. */
function traceGradients(model: AnyModule, options: GradientOptions): TracedGradients {
  const { groups, decaysWeightsOnly = false, accumulates = false, watched = [] } = options;
  const values = traceLoss(model, options);
  const trained = [...namedParameters(model)].filter(([name]) => !groups?.isFrozen(name));
  const watches = traceWatches(model, watched);
  const gradientOf = gradients(
    values.loss,
    [...trained.map(([, parameter]) => parameter), ...watches.gradients.values()],
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
  const watchedGradients = [...watches.gradients].map(
    ([name, tensor]) => [name, gradientOf.get(tensor)!] as const,
  );
  const outputs = { ...values, ...watches.outputs, ...Object.fromEntries(watchedGradients) };
  return { outputs, gradients: all, sums };
}

interface TracedGradients {
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly gradients: readonly ParameterGradient[];
  /** Where gradients accumulate: each sum, and its value with this micro-batch. */
  readonly sums: ReadonlyMap<Leaf, Tensor>;
}

/** The outputs of the loss, on the batch as it is or mixed with its neighbours. */
function traceLoss(model: AnyModule, options: GradientOptions): TracedLoss {
  const { source, batchSize, precision = "fp32", mixes = false, loss = crossEntropy() } = options;
  const { images, targets } = source.trace(batchSize, precision, true);
  const lossOf = (outputs: Several<Tensor>, of: Targets): TracedLoss =>
    tracedLoss(loss, outputs, of, source, "the training images");
  if (!mixes) return lossOf(callModel(model, images), targets);
  if (!(targets instanceof Tensor)) {
    throw new UsageError(
      "ERR_CONFIG",
      `mixup and cutmix mix class labels, but the targets are ${Object.keys(targets).join(", ")}`,
    );
  }
  if (!(images instanceof Tensor)) {
    throw new UsageError(
      "ERR_CONFIG",
      `mixup and cutmix mix one array of images, but the batch has ${Object.keys(images).join(", ")}`,
    );
  }
  const share = input("mixShare", []);
  const box = input("mixBox", [4], "i32");
  const { y, neighbourLabels } = mixSamplesOp.trace({ x: images, labels: targets, share, box }, {});
  const outputs = callModel(model, y);
  const own = lossOf(outputs, targets);
  const neighbour = lossOf(outputs, neighbourLabels);
  return { ...own, loss: lerp(neighbour.loss, own.loss, input("labelShare", [])) };
}

type TracedLoss = Readonly<Record<string, Tensor>> & { readonly loss: Tensor };

/** @throws {DataError} `ERR_DATA_LABEL` for the first label that the model has no class for */
function tracedLoss(
  loss: Loss<Targets>,
  outputs: Several<Tensor>,
  targets: Targets,
  { labels }: BatchTracer,
  where: string,
): TracedLoss {
  const values = lossOutputs((loss as Loss<Targets, Several<Tensor>>)(outputs, targets));
  if (labels && values.correct && outputs instanceof Tensor)
    checkLabels(labels, where, outputs.shape[1] ?? 0);
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, Tensor] => entry[1] !== undefined),
  ) as TracedLoss;
}

/** The running averages of all state that a step changes. */
function traceAverages(
  model: AnyModule,
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
 * Inputs: those of the source's batches. Outputs: those of the loss, and the model's as `logits` if it is one.
 *
 * @param stateName the executor's name for a parameter or statistic of the model. Default: its own
 * @param loss default: `crossEntropy()`
 */
export function traceEvaluation(
  model: AnyModule,
  source: BatchTracer,
  batchSize: number,
  precision: Precision = "fp32",
  stateName: StateName = (name) => name,
  loss: Loss<Targets> = crossEntropy(),
): Graph {
  const { result } = traceModule(model, false, () => {
    const { images, targets } = source.trace(batchSize, precision, false);
    const outputs = callModel(model, images);
    const values = tracedLoss(loss, outputs, targets, source, "the images to evaluate");
    return outputs instanceof Tensor ? { logits: outputs, ...values } : values;
  });
  const names = new Map([...namedState(model)].map(([name, leaf]) => [leaf, stateName(name)]));
  return graphOf(result, new Map(), names);
}
