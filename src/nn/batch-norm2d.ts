import { currentTrace } from "../graph/trace.js";
import type { Tensor } from "../graph/tensor.js";
import { batchNorm2d, batchNorm2dTraining } from "../ops/batch-norm2d.js";
import { runningStatisticsOp } from "../ops/running-statistics.js";
import { checkNumber, checkOptions, count, fraction } from "../tensor/check-options.js";
import { sizeOf } from "../tensor/shape.js";
import { formatArguments } from "./describe.js";
import { constantInit, type Initializer } from "./initializers.js";
import { Module } from "./module.js";
import { ModuleState, Parameter } from "./parameter.js";

export interface BatchNorm2dOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Weight of the new batch in the running statistics. Default 0.1. */
  readonly momentum?: number;
  /** Initial values of the weight. Default 1. */
  readonly initializer?: Initializer;
}

/**
 * Batch normalization over H, W and N of `[H, W, N, channels]`. PyTorch's `BatchNorm2d`.
 *
 * In training it normalizes with the batch's statistics and updates the running ones; in evaluation it uses the
 * running ones.
 */
export class BatchNorm2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly running_mean: ModuleState;
  readonly running_var: ModuleState;
  private readonly options: { readonly eps: number; readonly momentum: number };

  /** @throws {ResnetError} `ERR_ARGUMENT` for an option that does not exist, or a number out of range */
  constructor(
    readonly channels: number,
    options: BatchNorm2dOptions = {},
  ) {
    super();
    const { eps = 1e-5, momentum = 0.1, initializer = constantInit(1) } = options;
    checkOptions("BatchNorm2d", options, ["eps", "momentum", "initializer"]);
    checkNumber("BatchNorm2d", "channels", channels, count);
    checkNumber("BatchNorm2d", "eps", eps, { least: 0 });
    checkNumber("BatchNorm2d", "momentum", momentum, fraction);
    this.weight = new Parameter([channels], initializer);
    this.bias = new Parameter([channels], constantInit(0));
    this.running_mean = new ModuleState([channels], constantInit(0));
    this.running_var = new ModuleState([channels], constantInit(1));
    this.options = { eps, momentum };
  }

  override describe(): string {
    return formatArguments([this.channels], this.options, { eps: 1e-5, momentum: 0.1 });
  }

  protected override forward(x: Tensor): Tensor {
    const { eps, momentum } = this.options;
    const trace = currentTrace();
    const running = { mean: this.running_mean, variance: this.running_var };
    if (!trace.trains(this)) return batchNorm2d(x, this, running, eps);
    const { y, mean, variance } = batchNorm2dTraining(x, this, eps);
    const count = sizeOf(x.shape.slice(0, -1));
    const { newMean, newVariance } = runningStatisticsOp.trace(
      { runningMean: running.mean, runningVariance: running.variance, mean, variance },
      { momentum, count },
    );
    trace.updates.set(this.running_mean, newMean);
    trace.updates.set(this.running_var, newVariance);
    return y;
  }
}
