import { Tensor } from "../graph/tensor.js";
import type { Executor } from "../executors/executor.js";
import { ProgramsBySize } from "../executors/programs-by-size.js";
import type { AnyModule } from "../nn/module.js";
import type { Shape } from "../tensor/shape.js";
import { loadGraph, type LoadedGraph } from "../runtime/load-graph.js";
import type { BatchTracer } from "./sources/batch-source.js";
import { traceAccumulation, traceTrainStep, type TrainStepOptions } from "./step.js";

/** A batch is a step of its own, a part of a step, or the last part of one. */
export type BatchKind = "step" | "accumulate" | "finish";

/** The programs of batches that are traced alike. */
export interface BatchPrograms extends Readonly<Record<BatchKind, ProgramsBySize<LoadedGraph>>> {
  /** `[H, W, N, C]` of the images that the model sees, with N = 1, which mixing needs; `[]` for several inputs. */
  readonly imageShape: Shape;
}

/** Everything about a step but its batch. */
export type StepOptions = Omit<
  TrainStepOptions,
  "source" | "batchSize" | "accumulates" | "watched"
>;

/** The programs of a session's steps, planned and loaded when they first come up. */
export class StepPrograms {
  private readonly programs = new Map<BatchTracer, BatchPrograms>();
  private watched: ReadonlySet<string> = new Set();

  constructor(
    private readonly executor: Executor,
    private readonly model: AnyModule,
    private readonly options: StepOptions,
  ) {}

  /** The programs of batches that are traced so. */
  of(tracer: BatchTracer): BatchPrograms {
    let programs = this.programs.get(tracer);
    if (!programs) this.programs.set(tracer, (programs = this.build(tracer)));
    return programs;
  }

  /** Watches these names and no others. Programs are planned again. */
  async watch(names: ReadonlySet<string>): Promise<void> {
    this.watched = names;
    await this.close();
  }

  async close(): Promise<void> {
    for (const { step, accumulate, finish } of this.programs.values())
      await Promise.all([step.close(), accumulate.close(), finish.close()]);
    this.programs.clear();
  }

  private build(source: BatchTracer): BatchPrograms {
    const { executor, model, options, watched } = this;
    const stepOf = (accumulates: boolean): ProgramsBySize<LoadedGraph> =>
      new ProgramsBySize(async (batchSize) => {
        const traced = { ...options, source, batchSize, accumulates, watched };
        return loadGraph(executor, "train-step", traceTrainStep(model, traced));
      });
    const { images } = source.trace(1, options.precision ?? "fp32", true);
    return {
      imageShape: images instanceof Tensor ? images.shape : [],
      step: stepOf(false),
      finish: stepOf(true),
      accumulate: new ProgramsBySize(async (batchSize) => {
        const traced = { ...options, source, batchSize, watched };
        return loadGraph(executor, "accumulate", traceAccumulation(model, traced));
      }),
    };
  }
}
