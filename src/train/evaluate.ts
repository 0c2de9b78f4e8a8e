import { epochBatches } from "../data/batches.js";
import type { Executor } from "../executors/executor.js";
import { ProgramsBySize } from "../executors/programs-by-size.js";
import type { AnyModule } from "../nn/module.js";
import { UsageError } from "../tensor/error.js";
import type { Precision } from "../program/precision.js";
import type { Loss, Targets } from "./loss.js";
import { loadGraph } from "../runtime/load-graph.js";
import { hitsWithin, standardMetrics, type Metric } from "./metrics.js";
import { emptyScores, scoreSamples, SummedProbabilities, type SampleScores } from "./scores.js";
import type { BatchSource, OpenView } from "./sources/batch-source.js";
import { traceEvaluation } from "./step.js";
import type { StateName } from "../checkpoint/model-state.js";

export interface EvaluateOptions {
  readonly executor: Executor;
  readonly model: AnyModule;
  /** Number of images that are computed at once. */
  readonly batch: number;
  /** Default fp32. */
  readonly precision?: Precision;
  /** The executor's name for a parameter or statistic of the model. Default: its own. */
  readonly stateName?: StateName;
  /** Metrics besides loss and accuracy. Default: none. */
  readonly metrics?: readonly Metric[];
  /** Default: `crossEntropy()`. */
  readonly loss?: Loss<Targets>;
  /** Whether the probabilities of all classes are kept for each sample. Default false: there can be many. */
  readonly probabilities?: boolean;
}

/** The result of an evaluation, for each sample and for all of them together. */
export interface Evaluation extends SampleScores {
  /** Mean of the loss over the samples; cross-entropy is in nats. */
  readonly loss: number;
  /** Fraction of samples whose first largest logit is at the label, 0 … 1. */
  readonly accuracy: number;
  /** Every metric by its name, `loss` and `accuracy` included. */
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * Evaluates a model on every row of a source, with the parameters that the executor holds at that moment. The programs
 * are planned once, when the evaluator is created.
 *
 *     const evaluator = await Evaluator.create(source, { executor, model, batch: 512 });
 *     const { loss, accuracy } = await evaluator.evaluate();
 */
export class Evaluator {
  private readonly metrics: readonly Metric[];

  private constructor(
    private readonly source: BatchSource,
    /** Number of images that are computed at once. */
    readonly batchSize: number,
    private readonly programs: ProgramsBySize,
    metrics: readonly Metric[],
    private readonly keepsProbabilities: boolean,
  ) {
    this.metrics = [...standardMetrics(), ...metrics];
  }

  /**
   * @throws {ResnetError} `ERR_DATA_ROWS` if the source has no rows
   * @throws {ShapeError} if the model does not take its images
   */
  static async create(source: BatchSource, options: EvaluateOptions): Promise<Evaluator> {
    const { executor, model, batch, precision, stateName, loss } = options;
    const { metrics = [], probabilities = false } = options;
    const programs = new ProgramsBySize(async (n) =>
      loadGraph(
        executor,
        "evaluate",
        traceEvaluation(model, source, n, precision, stateName, loss),
      ),
    );
    if (source.rows === 0)
      throw new UsageError("ERR_DATA_ROWS", "there is no image to evaluate on");
    for (const { length } of allRows(source.rows, batch)) await programs.ofSize(length);
    return new Evaluator(source, batch, programs, metrics, probabilities);
  }

  async evaluate(): Promise<Evaluation> {
    const { rows, labels } = this.source;
    let scores = emptyScores(rows);
    for (const metric of this.metrics) metric.reset();
    for await (const { first, samples, logits, loss } of this.batches(this.source)) {
      if (first === 0) scores = this.emptyScores(rows, logits.length / samples);
      scoreSamples(scores, first, logits, samples, labels);
      this.update(scores.ranks.subarray(first, first + samples), loss);
    }
    return this.result(scores);
  }

  /**
   * Evaluates several views of the same images: scores are of the mean of the probabilities that each view gets.
   *
   * Source: Krizhevsky et al. 2012, §4.1.
   *
   * @param views each opens a source of the same rows, which reads the same states in the same shape; one is
   *   open at a time
   */
  async evaluateViews(views: readonly OpenView[]): Promise<Evaluation> {
    const { rows, labels } = this.source;
    const sums = new SummedProbabilities(rows);
    for (const open of views) {
      const view = await open();
      if (view.rows !== rows) {
        const counts = `${rows} images and another ${view.rows}`;
        throw new UsageError("ERR_DATA_ROWS", `one view has ${counts}: views show the same images`);
      }
      for await (const { first, samples, logits } of this.batches(view))
        sums.add(first, logits, samples);
    }
    const scores = this.emptyScores(rows, sums.logarithms.length / rows);
    scoreSamples(scores, 0, sums.logarithms, rows, labels);
    for (const metric of this.metrics) metric.reset();
    this.update(scores.ranks, scores.losses.reduce((sum, loss) => sum + loss, 0) / rows);
    return this.result(scores);
  }

  close(): Promise<void> {
    return this.programs.close();
  }

  private emptyScores(rows: number, classes: number): SampleScores {
    return emptyScores(rows, this.keepsProbabilities ? classes : undefined);
  }

  private update(ranks: Int32Array, loss: number): void {
    const batch = { samples: ranks.length, loss, correct: hitsWithin(ranks, 1), ranks };
    for (const metric of this.metrics) metric.update(batch);
  }

  private result(scores: SampleScores): Evaluation {
    const metrics = Object.fromEntries(this.metrics.map((each) => [each.name, each.compute()]));
    const { loss = NaN, accuracy = NaN } = metrics;
    return { ...scores, loss, accuracy, metrics };
  }

  /** The outputs for each batch, in order of rows. */
  private async *batches(source: BatchSource): AsyncGenerator<EvaluatedBatch, void> {
    const batches = allRows(source.rows, this.batchSize);
    let first = 0;
    let i = 0;
    for await (const inputs of source.batches(batches, null)) {
      const samples = batches[i++]!.length;
      const program = await this.programs.ofSize(samples);
      const { logits, loss } = await program.run(inputs);
      if (!logits) {
        throw new UsageError(
          "ERR_CONFIG",
          "the model returns several outputs, and an evaluation on a data set takes one: evaluate on batches of arrays",
        );
      }
      yield { first, samples, logits: logits.data, loss: loss!.data[0]! };
      first += samples;
    }
  }
}

interface EvaluatedBatch {
  /** Row of the first sample. */
  readonly first: number;
  readonly samples: number;
  /** `[samples, classes]` */
  readonly logits: ArrayLike<number>;
  /** Mean cross-entropy of the batch, in nats. */
  readonly loss: number;
}

const allRows = (rows: number, batchSize: number): readonly Int32Array[] =>
  epochBatches(
    Int32Array.from({ length: rows }, (_, row) => row),
    batchSize,
    null,
  );

/**
 * Evaluates a model once on several views of the same images; on one view, exactly as `Evaluator.evaluate`.
 *
 * @param views opened one by one; at least one
 * @throws {ResnetError} `ERR_DATA_ROWS` if there is no view, or the views differ in their number of rows
 */
export async function evaluateViews(
  views: readonly OpenView[],
  options: EvaluateOptions,
): Promise<Evaluation> {
  const [openFirst, ...others] = views;
  if (!openFirst)
    throw new UsageError("ERR_DATA_ROWS", "there is no view to evaluate on: give at least one");
  const first = await openFirst();
  const evaluator = await Evaluator.create(first, options);
  try {
    if (others.length === 0) return await evaluator.evaluate();
    return await evaluator.evaluateViews([() => first, ...others]);
  } finally {
    await evaluator.close();
  }
}
