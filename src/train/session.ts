import { balancedClassWeights } from "../data/labels.js";
import type { Executor, LoadedProgram, RunInputs } from "../executors/executor.js";
import { ProgramsBySize } from "../executors/programs-by-size.js";
import { namedState, type Module } from "../nn/module.js";
import { plan } from "../planner/plan.js";
import { inputSpecs } from "../program/input-specs.js";
import { ResnetError } from "../tensor/error.js";
import { hostArray } from "../tensor/host-array.js";
import { randomKey } from "../tensor/random.js";
import type { Shape } from "../tensor/shape.js";
import type { TrainConfig } from "./config/config.js";
import { microBatches, type Batch } from "./epoch-batches.js";
import { Evaluator, evaluateViews, type EvaluateOptions, type Evaluation } from "./evaluate.js";
import type { Metric, MetricBatch } from "./metrics.js";
import { isMixing, mixRegisters } from "./mixing.js";
import { createOptimizer, type Optimizer } from "./optimizers.js";
import { parameterGroups, type ParameterGroups } from "./parameter-groups.js";
import type { BatchSource, OpenView } from "./sources/batch-source.js";
import { averageState, isRemembered } from "./state-names.js";
import { traceAccumulation, traceTrainStep, type TrainStepOptions } from "./step.js";
import {
  readModelState,
  writeModelState,
  type ModelState,
  type StateName,
} from "./weights/model-state.js";

/** The result of a batch. */
export interface BatchResult extends MetricBatch {
  /** L2 norm of all gradients of the step together, before clipping; null if nothing is clipped or the step goes on. */
  readonly gradientNorm: number | null;
}

/**
 * A model under training in an executor: its programs, its state, and the scalars of each step.
 *
 *     const session = await Session.create(executor, model, config, trainSource);
 *     await session.start(initialState(model, seed));
 *     const { loss } = await session.step(batch, { step: 0, learningRate: 0.1 });
 *     const { accuracy } = await session.evaluate(validSource);
 */
export class Session {
  private readonly evaluators = new Map<BatchSource, Evaluator>();

  private constructor(
    readonly executor: Executor,
    readonly model: Module,
    private readonly config: TrainConfig,
    private readonly optimizer: Optimizer,
    private readonly groups: ParameterGroups,
    private readonly programs: {
      readonly accumulate: ProgramsBySize;
      readonly step: ProgramsBySize;
    },
    private readonly imageShape: Shape,
    private readonly metrics: readonly Metric[],
  ) {}

  /**
   * Plans and loads the programs of every batch size that an epoch has, so that a misfit is refused here.
   *
   * @param source the training images
   * @param metrics of evaluations, besides loss and accuracy. Default: none
   * @throws {ResnetError} `ERR_CONFIG`, `ERR_ATTRIBUTE`; {ShapeError} if the model does not take the images
   */
  static async create(
    executor: Executor,
    model: Module,
    config: TrainConfig,
    source: BatchSource,
    metrics: readonly Metric[] = [],
  ): Promise<Session> {
    const groups = parameterGroups(model, config);
    const optimizer = createOptimizer(config);
    const optionsOf = (batchSize: number): TrainStepOptions => ({
      source,
      batchSize,
      labelSmoothing: config.labelSmoothing,
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
      accumulate: new ProgramsBySize(executor, (n) =>
        plan("accumulate", traceAccumulation(model, optionsOf(n)), executor.traits),
      ),
      step: new ProgramsBySize(executor, (n) =>
        plan("train-step", traceTrainStep(model, optionsOf(n)), executor.traits),
      ),
    };
    const { shape } = source.trace(1, config.precision, true).images;
    const rest = [optimizer, groups, programs, shape, metrics] as const;
    const session = new Session(executor, model, config, ...rest);
    try {
      await session.load(source.rows);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Plans and loads the programs for every size of a batch in an epoch of so many rows. */
  private async load(rows: number): Promise<void> {
    const { batch, accumulate } = this.config;
    const samples = batch * accumulate;
    for (const size of [Math.min(samples, rows), rows % samples || samples]) {
      for (const each of microBatches(new Int32Array(size), batch))
        await this.programs[each.endsStep ? "step" : "accumulate"].ofSize(each.rows.length);
    }
  }

  /** Writes first weights, zeroes the optimizer state, and starts averages at the weights, as PyTorch's `AveragedModel`. */
  async start(weights: ModelState): Promise<void> {
    const { executor, model } = this;
    await writeModelState(executor, model, weights);
    await resetTrainingState(executor);
    for (const name of namedState(model).keys()) {
      const average = this.weightName(name);
      if (average !== name) await executor.write(average, await executor.read(name));
    }
  }

  /** Runs a batch: updates the parameters if it ends its step, and else adds its gradients to those of the step. */
  async step(
    batch: Batch,
    { step, learningRate }: { readonly step: number; readonly learningRate: number },
  ): Promise<BatchResult> {
    const samples = batch.rows.length;
    const program = await this.programs[batch.endsStep ? "step" : "accumulate"].ofSize(samples);
    const registers = this.registers(program, batch, step, learningRate);
    const { loss, correct, gradientNorm } = await program.run({ ...batch.inputs, ...registers });
    return {
      samples,
      loss: loss!.data[0]!,
      correct: correct!.data[0]!,
      gradientNorm: gradientNorm?.data[0] ?? null,
    };
  }

  /** Evaluates the present weights (`weights`) on every row of a source; its programs are kept for the next time. */
  async evaluate(source: BatchSource): Promise<Evaluation> {
    await this.prepareEvaluation(source);
    return this.evaluators.get(source)!.evaluate();
  }

  /** Plans the evaluation of a source, so that a misfit is refused before the first step. */
  async prepareEvaluation(source: BatchSource): Promise<void> {
    if (!this.evaluators.has(source))
      this.evaluators.set(source, await Evaluator.create(source, this.evaluation));
  }

  /** Evaluates the present weights once, on several views of each image. */
  evaluateViews(views: readonly OpenView[]): Promise<Evaluation> {
    return evaluateViews(views, this.evaluation);
  }

  /** Whether all parameters and running statistics are finite numbers. */
  async isFinite(): Promise<boolean> {
    for (const name of namedState(this.model).keys()) {
      const { data } = await this.executor.read(name);
      if (!(data as Float32Array).every(Number.isFinite)) return false;
    }
    return true;
  }

  /** A copy of the weights that the training makes: the model's, or their averages if the configuration keeps them. */
  async weights(): Promise<ModelState> {
    return readModelState(this.executor, this.model, this.weightName);
  }

  /** The executor's name for a value of `weights`. Frozen parts have no average. */
  readonly weightName: StateName = (name) =>
    this.config.emaDecay === null || this.groups.isFrozen(name) ? name : averageState(name);

  /** Unloads the programs. The state stays in the executor. */
  async close(): Promise<void> {
    await this.programs.accumulate.close();
    await this.programs.step.close();
    for (const evaluator of this.evaluators.values()) await evaluator.close();
  }

  private get evaluation(): EvaluateOptions {
    const { batch, precision } = this.config;
    const { executor, model, weightName: stateName, metrics } = this;
    return { executor, model, batch, precision, stateName, metrics };
  }

  /** The scalars that the program takes besides the images. */
  private registers(
    { program }: LoadedProgram,
    { position, weight, endsStep }: Batch,
    step: number,
    learningRate: number,
  ): RunInputs {
    const { seed, accumulate, emaDecay } = this.config;
    const draw = position > 0 ? [step, position] : [step];
    const dropsOut = inputSpecs(program).has("randomKey");
    return {
      ...(dropsOut && { randomKey: hostArray([2], randomKey(seed, "step", ...draw), "i32") }),
      ...(isMixing(this.config) &&
        mixRegisters(this.config, this.imageShape, randomKey(seed, "mix", ...draw))),
      ...(accumulate > 1 && { gradientWeight: weight }),
      ...(endsStep && this.optimizer.registers(step, learningRate)),
      ...(endsStep && emaDecay !== null && { emaWeight: step === 0 ? 1 : 1 - emaDecay }),
    };
  }
}

/** Zeroes what a previous training left in the executor: optimizer state, gradient sums and averages, also if they are NaN. */
export async function resetTrainingState(executor: Executor): Promise<void> {
  for (const [name, { shape, dtype }] of executor.states()) {
    if (isRemembered(name)) await executor.write(name, hostArray(shape, undefined, dtype));
  }
}

/**
 * The weight of each class in the loss, as a function of the number of classes that the model has; null if all weigh 1.
 *
 * @param labels those of the training images
 * @throws {ResnetError} `ERR_CONFIG`, from the function, if the number of weights is not the number of classes
 */
export function classWeightsOf(
  { classWeights }: Pick<TrainConfig, "classWeights">,
  labels: Int32Array,
): ((classes: number) => readonly number[]) | null {
  if (classWeights === null) return null;
  if (classWeights === "balanced") return (classes) => balancedClassWeights(labels, classes);
  return (classes) => {
    if (classWeights.length === classes) return classWeights;
    throw new ResnetError(
      "ERR_CONFIG",
      `classWeights has ${classWeights.length} numbers, and there are ${classes} classes: give one for each`,
    );
  };
}
