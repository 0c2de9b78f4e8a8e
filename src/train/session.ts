import type { Executor, LoadedProgram, RunInputs, RunOutputs } from "../executors/executor.js";
import { namedState, type AnyModule, type Module } from "../nn/module.js";
import { inputSpecs } from "../program/input-specs.js";
import { ResnetError } from "../tensor/error.js";
import { hostArray, type HostArray } from "../tensor/host-array.js";
import { randomKey, type RandomKey } from "../tensor/random.js";
import type { Shape } from "../tensor/shape.js";
import { ArrayBatches, readInputs, type ArrayBatch } from "./array-batch.js";
import type { Precision } from "../program/precision.js";
import { batchesOfEpoch, microBatches, type Batch } from "./epoch-batches.js";
import { evaluateArrays, type ArrayEvaluation } from "./evaluate-arrays.js";
import { Evaluator, evaluateViews, type EvaluateOptions, type Evaluation } from "./evaluate.js";
import { ForwardPrograms } from "./forward.js";
import { withUserAxes, type LoadedGraph } from "../runtime/load-graph.js";
import { crossEntropy } from "./loss.js";
import { isMixing, mixRegisters } from "./mixing.js";
import { parameterGroups, type ParameterGroups } from "./parameter-groups.js";
import { SessionData, type TrainingImages } from "./session-data.js";
import {
  checkEpochOptions,
  type BatchResult,
  type EpochOptions,
  type SessionBatch,
  type SessionOptions,
  type StepScalars,
} from "./session-options.js";
import { resetTrainingState, restoreSessionState, writeSessionState } from "./session-state.js";
import type { OutputArrays, Several } from "./several.js";
import type { BatchSource, BatchTracer, OpenView } from "./sources/batch-source.js";
import { averageState } from "./state-names.js";
import { StepPrograms, type BatchKind, type StepOptions } from "./step-programs.js";
import {
  readModelState,
  writeModelState,
  type ModelState,
  type StateName,
} from "../checkpoint/model-state.js";

/**
 * A model under training in an executor: its programs, its state, and the scalars of each step. `createSession` makes one
 * that is ready to step.
 *
 *     const session = await Session.create(executor, model, { optimizer: sgd({ momentum: 0.9 }) });
 *     await session.start(initialState(model, seed));
 *     const { loss } = await session.step(batch, { learningRate: 0.1 });
 *     const { accuracy } = await session.evaluate(validset);
 *
 * Calls are made one after the other: each awaits the one before.
 */
export class Session<M extends AnyModule = Module> {
  readonly #evaluators = new Map<BatchSource, Evaluator>();
  readonly #groups: ParameterGroups;
  readonly #programs: StepPrograms;
  readonly #watched = new Set<string>();
  readonly #arrays: ArrayBatches;
  readonly #data: SessionData;
  readonly #forward: ForwardPrograms;
  readonly #precision: Precision;
  /** Micro-batches of the step in progress. */
  #pending = 0;
  /** Steps that were made. The next one draws its random numbers by this number. */
  steps = 0;

  /**
   * A session whose model has no weights yet: `start` or `restore` gives them.
   *
   * @throws {ResnetError} `ERR_CONFIG` for a part of `freeze` or `lrScales` that the model does not have
   */
  constructor(
    readonly executor: Executor,
    readonly model: M,
    private readonly options: SessionOptions,
  ) {
    const { freeze = [], lrScales = {}, precision = "fp32" } = options;
    this.#precision = precision;
    this.#groups = parameterGroups(model, { freeze, lrScales });
    this.#programs = new StepPrograms(executor, model, this.stepOptions());
    this.#arrays = new ArrayBatches(precision);
    this.#data = new SessionData(executor, options.files);
    this.#forward = new ForwardPrograms(executor, model, precision, this.weightName);
  }

  /**
   * Plans and loads the programs of every batch size that an epoch has, so that a misfit is refused here and not in the
   * first step.
   *
   * @param size samples of a batch
   * @param accumulate batches of a step
   * @throws {ResnetError} `ERR_CONFIG`, `ERR_ATTRIBUTE`; {ShapeError} if the model does not take the images
   */
  async prepare(source: BatchSource, size: number, accumulate = 1): Promise<void> {
    const samples = size * accumulate;
    for (const rows of [Math.min(samples, source.rows), source.rows % samples || samples]) {
      for (const { rows: part, position, endsStep } of microBatches(new Int32Array(rows), size)) {
        const kind = endsStep ? (position > 0 ? "finish" : "step") : "accumulate";
        await this.#programs.of(source)[kind].ofSize(part.length);
      }
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
    this.steps = 0;
    this.#pending = 0;
  }

  /** All that a later session needs to go on bit for bit, as a safetensors file; `createSession` takes it as `resume`. */
  async save(): Promise<Uint8Array> {
    if (this.#pending > 0) {
      throw new ResnetError(
        "ERR_SESSION",
        `the session cannot be saved within a step, after ${this.#pending} accumulated batches: end the step first`,
      );
    }
    return writeSessionState(this.executor, this.model, this.steps);
  }

  /** Goes on where the session stood that wrote this, bit for bit with the same options. @throws {ResnetError} `ERR_CHECKPOINT` if its model was another one */
  async restore(saved: Uint8Array): Promise<void> {
    this.steps = await restoreSessionState(this.executor, this.model, saved, this.weightName);
    this.#pending = 0;
  }

  /**
   * The batches of one epoch, shuffled by seed and epoch, as PyTorch's `DataLoader`. Images in memory are uploaded once;
   * those in files are decoded ahead.
   *
   *     for await (const batch of session.batches(trainset, { size: 512, seed: 1, epoch })) …
   */
  async *batches(data: TrainingImages, options: EpochOptions): AsyncGenerator<Batch, void> {
    checkEpochOptions(options);
    const { size, seed = 0, epoch = 0, accumulate = 1, sampling = "shuffle", from = 0 } = options;
    const source = await this.#data.open(data);
    yield* batchesOfEpoch(source, { batch: size, seed, accumulate, sampling }, epoch, from);
  }

  /**
   * Updates the parameters by the gradients of a batch, and of those that were accumulated before it.
   *
   * @throws {ResnetError} `ERR_INPUT` for a scalar that neither optimizer nor loss takes, and for arrays that do not fit
   */
  async step(batch: SessionBatch, scalars: StepScalars): Promise<BatchResult> {
    if (typeof scalars?.learningRate !== "number")
      throw new ResnetError(
        "ERR_INPUT",
        "a step takes a learning rate: step(batch, { learningRate: 0.1 })",
      );
    const result = await this.run(this.#pending > 0 ? "finish" : "step", batch, scalars);
    this.steps++;
    this.#pending = 0;
    return result;
  }

  /**
   * Adds the gradients of a batch to those of the step in progress, which `step` ends.
   *
   * @param scalars `weight`, the weight of this batch's gradients in the sum (default: the batch's own, or 1), and whatever
   *   the loss takes
   */
  async accumulate(batch: SessionBatch, scalars: Partial<StepScalars> = {}): Promise<BatchResult> {
    const result = await this.run("accumulate", batch, scalars);
    this.#pending++;
    return result;
  }

  /**
   * Makes later steps return a module's output, by its path such as `layer2.1`, or a gradient: `layer2.1.grad`,
   * `fc.weight.grad`. Programs are planned again.
   *
   * @throws {ResnetError} `ERR_WATCH`, from the next step, for a name that the model does not have
   */
  async watch(...names: readonly string[]): Promise<void> {
    for (const name of names) this.#watched.add(name);
    await this.#programs.watch(this.#watched);
  }

  /** Ends the watching of these names. */
  async unwatch(...names: readonly string[]): Promise<void> {
    for (const name of names) this.#watched.delete(name);
    await this.#programs.watch(this.#watched);
  }

  /**
   * Evaluates the present weights (`weights`) on labelled images: loss, accuracy, metrics, and scores of every sample. On
   * batches of the caller's own arrays it gives the mean of the loss, and the accuracy if the loss counts what is correct.
   * The programs for data sets are kept for the next time.
   *
   * @param size images computed at once. Default 256
   */
  evaluate(data: TrainingImages, size?: number): Promise<Evaluation>;
  evaluate(batches: AsyncIterable<ArrayBatch> | Iterable<ArrayBatch>): Promise<ArrayEvaluation>;
  async evaluate(
    data: TrainingImages | AsyncIterable<ArrayBatch> | Iterable<ArrayBatch>,
    size = 256,
  ): Promise<Evaluation | ArrayEvaluation> {
    if (Symbol.asyncIterator in data || Symbol.iterator in data)
      return evaluateArrays(data, this.#arrays, this.evaluation(size));
    const source = await this.#data.open(data);
    await this.prepareEvaluation(source, size);
    return this.#evaluators.get(source)!.evaluate();
  }

  /** Plans the evaluation of a source, so that a misfit is refused before the first step. */
  async prepareEvaluation(source: BatchSource, size: number): Promise<void> {
    const known = this.#evaluators.get(source);
    if (known?.batchSize === size) return;
    await known?.close();
    this.#evaluators.set(source, await Evaluator.create(source, this.evaluation(size)));
  }

  /** Evaluates the present weights once, on several views of each image, so many images at once; keeps all probabilities. */
  evaluateViews(views: readonly OpenView[], size: number): Promise<Evaluation> {
    return evaluateViews(views, { ...this.evaluation(size), probabilities: true });
  }

  /**
   * The outputs of the model for images f32 `[N, C, H, W]` or features f32 `[N, C]`, with the present weights (`weights`),
   * in evaluation mode. A model of several inputs or outputs takes or returns an array or a record. Programs are kept by shape.
   */
  async forward(images: Several<HostArray<"f32">>): Promise<OutputArrays<M>> {
    return (await this.#forward.run(images)) as OutputArrays<M>;
  }

  /** Whether all parameters and running statistics are finite numbers. */
  async isFinite(): Promise<boolean> {
    for (const name of namedState(this.model).keys()) {
      const { data } = await this.executor.read(name);
      if (!(data as Float32Array).every(Number.isFinite)) return false;
    }
    return true;
  }

  /** A copy of the weights that the training makes: the model's, or their averages if `emaDecay` keeps them. */
  async weights(): Promise<ModelState> {
    return readModelState(this.executor, this.model, this.weightName);
  }

  /** The executor's name for a value of `weights`. Frozen parts have no average. */
  readonly weightName: StateName = (name) =>
    this.averages && !this.#groups.isFrozen(name) ? averageState(name) : name;

  /** Unloads the programs and the data. Weights and optimizer state stay in an executor that was passed in. */
  async close(): Promise<void> {
    await this.#programs.close();
    for (const evaluator of this.#evaluators.values()) await evaluator.close();
    this.#evaluators.clear();
    await this.#forward.close();
    await this.#data.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private get averages(): boolean {
    return (this.options.emaDecay ?? null) !== null;
  }

  private evaluation(batch: number): EvaluateOptions {
    const { executor, model, weightName: stateName } = this;
    const { metrics = [], loss, evaluationLoss = loss } = this.options;
    const precision = this.#precision;
    const own = { executor, model, batch, precision, stateName, metrics };
    return evaluationLoss ? { ...own, loss: evaluationLoss } : own;
  }

  private async run(
    kind: BatchKind,
    batch: SessionBatch,
    { weight, ...scalars }: Partial<StepScalars>,
  ): Promise<BatchResult> {
    const { tracer, samples, inputs, ...own } = this.traced(batch);
    const programs = this.#programs.of(tracer);
    const program = await programs[kind].ofSize(samples);
    const mixes = isMixing(this.options) && this.mix(programs.imageShape);
    const registers = { ...this.registers(program, kind, scalars), ...mixes };
    if (kind !== "step") registers["gradientWeight"] = weight ?? own.weight;
    const outputs = await program.run({ ...readInputs(program, inputs), ...registers });
    return resultOf(samples, outputs, program.orders);
  }

  private traced(batch: SessionBatch): TracedBatch {
    if (!("source" in batch)) return { ...this.#arrays.of(batch), weight: 1 };
    const { source, rows, inputs, weight } = batch;
    return { tracer: source, samples: rows.length, inputs, weight };
  }

  private stepOptions(): StepOptions {
    const { optimizer, loss = crossEntropy(), clipNorm = null, weightDecayOn } = this.options;
    return {
      loss,
      precision: this.#precision,
      groups: this.#groups,
      decaysWeightsOnly: weightDecayOn === "weights",
      mixes: isMixing(this.options),
      optimizer,
      clipNorm,
      averages: this.averages,
    };
  }

  /** The draw of a mixed batch. */
  private mix(imageShape: Shape): RunInputs {
    return mixRegisters(this.options, imageShape, this.randomKey("mix"));
  }

  /** The scalars that the program takes besides the images. */
  private registers(
    program: LoadedProgram,
    kind: BatchKind,
    { learningRate = NaN, ...scalars }: Partial<StepScalars>,
  ): Record<string, HostArray | number> {
    const { optimizer, emaDecay = null } = this.options;
    const drops = inputSpecs(program.program).has("randomKey");
    return {
      ...(drops && { randomKey: hostArray([2], this.randomKey("step"), "i32") }),
      ...(kind !== "accumulate" && {
        ...readInputs(program, optimizer.registers(this.steps, learningRate)),
        ...(emaDecay !== null && { emaWeight: this.steps === 0 ? 1 : 1 - emaDecay }),
      }),
      ...(scalars as Readonly<Record<string, number>>),
    };
  }

  private randomKey(purpose: "step" | "mix"): RandomKey {
    const { seed = 0 } = this.options;
    return this.#pending > 0
      ? randomKey(seed, purpose, this.steps, this.#pending)
      : randomKey(seed, purpose, this.steps);
  }
}

interface TracedBatch {
  readonly tracer: BatchTracer;
  readonly samples: number;
  readonly inputs: RunInputs;
  readonly weight: number;
}

function resultOf(
  samples: number,
  { loss, correct, gradientNorm, ...values }: RunOutputs,
  orders: LoadedGraph["orders"],
): BatchResult {
  const count = correct?.data[0] ?? NaN;
  return {
    samples,
    loss: loss!.data[0]!,
    correct: count,
    accuracy: count / samples,
    gradientNorm: gradientNorm?.data[0] ?? null,
    values: Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, withUserAxes(value, orders.get(name))]),
    ),
  };
}
