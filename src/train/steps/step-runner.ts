import type { Executor, RunInputs } from "../../executors/executor.js";
import { inputSpecs } from "../../program/input-specs.js";
import type { Module } from "../../nn/module.js";
import { hostArray } from "../../tensor/host-array.js";
import { randomKey } from "../../tensor/random.js";
import type { Shape } from "../../tensor/shape.js";
import type { BatchSource } from "../sources/batch-source.js";
import type { TrainConfig } from "../config/config.js";
import { drawMix } from "./draw-mix.js";
import type { MicroBatch } from "./micro-batches.js";
import type { ParameterGroups } from "./parameter-groups.js";
import type { EpochSums } from "../train-progress.js";
import { trainPrograms, type TrainPrograms } from "./train-programs.js";

/** What a micro-batch gave. */
export interface BatchResult extends Omit<EpochSums, "seconds"> {
  /** L2 norm of all gradients of the step together, before they were clipped; null where nothing is clipped, or waits. */
  readonly gradientNorm: number | null;
}

/** Runs the programs of a step, with the registers that belong to it. */
export class StepRunner {
  private constructor(
    private readonly config: TrainConfig,
    private readonly programs: TrainPrograms,
    private readonly imageShape: Shape,
  ) {}

  /** Loads the programs for every size that comes up in an epoch: one that does not fit is refused here. */
  static async load(
    executor: Executor,
    model: Module,
    config: TrainConfig,
    source: BatchSource,
    groups: ParameterGroups,
  ): Promise<StepRunner> {
    const programs = await trainPrograms(executor, model, config, source, groups);
    return new StepRunner(config, programs, source.trace(1, config.precision, true).images.shape);
  }

  /** @param step of the whole training, from 0 */
  async run(
    inputs: RunInputs,
    batch: MicroBatch,
    step: number,
    learningRate: number,
  ): Promise<BatchResult> {
    const samples = batch.rows.length;
    const program = await this.programs[batch.isLast ? "step" : "accumulate"](samples);
    const registers = this.registersOf(batch, step, learningRate);
    const specs = inputSpecs(program.program);
    const taken = Object.entries(registers).filter(([name]) => specs.has(name));
    const { loss, correct, gradientNorm } = await program.run({
      ...inputs,
      ...Object.fromEntries(taken),
    });
    return {
      loss: loss!.data[0]! * samples,
      correct: correct!.data[0]!,
      seen: samples,
      gradientNorm: gradientNorm?.data[0] ?? null,
    };
  }

  /** Every register that some program asks for; each takes those that it has. */
  private registersOf(batch: MicroBatch, step: number, learningRate: number): RunInputs {
    const { momentum, seed, emaDecay } = this.config;
    const place = batch.place > 0 ? [batch.place] : [];
    const mixKey = randomKey(seed, "mix", step, ...place);
    const { share, box, labelShare } = drawMix(this.config, this.imageShape, mixKey);
    return {
      learningRate,
      momentum,
      step: step + 1,
      randomKey: hostArray([2], randomKey(seed, "step", step, ...place), "i32"),
      gradientWeight: batch.weight,
      emaWeight: step === 0 ? 1 : 1 - (emaDecay ?? 0),
      mixShare: share,
      mixBox: hostArray([4], box, "i32"),
      labelShare,
    };
  }
}
