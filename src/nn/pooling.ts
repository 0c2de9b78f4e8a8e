import type { Tensor } from "../graph/tensor.js";
import { adaptiveAvgPool2d } from "../ops/adaptive-avg-pool2d.js";
import { adaptiveMaxPool2d } from "../ops/adaptive-max-pool2d.js";
import { avgPool2d } from "../ops/avg-pool2d.js";
import { maxPool2d, type PoolAttrs } from "../ops/max-pool2d.js";
import { checkNumber, checkOptions, count, size } from "../tensor/check-options.js";
import { UsageError } from "../tensor/error.js";
import { formatArguments } from "./describe.js";
import { Module } from "./module.js";

export interface PoolOptions {
  /** Step between windows, in pixels. Default the kernel. */
  readonly stride?: number;
  /** Pixels added on every side of the image. Default 0. */
  readonly padding?: number;
}

/** @throws {ResnetError} `ERR_ARGUMENT` for an option that does not exist, or a number out of range */
function poolAttrs(where: string, kernel: number, options: PoolOptions): PoolAttrs {
  checkOptions(where, options, ["stride", "padding"]);
  const { stride = kernel, padding = 0 } = options;
  checkNumber(where, "kernel", kernel, count);
  checkNumber(where, "stride", stride, count);
  checkNumber(where, "padding", padding, size);
  return { kernel, stride, padding };
}

const describeWindow = ({ kernel, ...options }: PoolAttrs): string =>
  formatArguments([kernel], options, { stride: kernel, padding: 0 });

/** The adaptive poolings take the whole image. PyTorch's take a size too. */
function requireSizeOne(where: string, size: number): void {
  if (size === 1) return;
  throw new UsageError(
    "ERR_ARGUMENT",
    `${where}: the output size is ${size}, but only 1 is supported: pool with windows, such as new AvgPool2d(2)`,
  );
}

/** Largest value of each window: `[H, W, N, C]` to `[OH, OW, N, C]`. PyTorch's `MaxPool2d`. */
export class MaxPool2d extends Module {
  private readonly window: PoolAttrs;

  constructor(kernel: number, options: PoolOptions = {}) {
    super();
    this.window = poolAttrs("MaxPool2d", kernel, options);
  }

  override describe(): string {
    return describeWindow(this.window);
  }

  protected override forward(x: Tensor): Tensor {
    return maxPool2d(x, this.window);
  }
}

/** Mean of each window, padding counted as zeros: `[H, W, N, C]` to `[OH, OW, N, C]`. PyTorch's `AvgPool2d`. */
export class AvgPool2d extends Module {
  private readonly window: PoolAttrs;

  constructor(kernel: number, options: PoolOptions = {}) {
    super();
    this.window = poolAttrs("AvgPool2d", kernel, options);
  }

  override describe(): string {
    return describeWindow(this.window);
  }

  protected override forward(x: Tensor): Tensor {
    return avgPool2d(x, this.window);
  }
}

/** Mean over the whole image: `[H, W, N, C]` to `[1, 1, N, C]`. PyTorch's `AdaptiveAvgPool2d(1)`. */
export class AdaptiveAvgPool2d extends Module {
  constructor(size = 1) {
    super();
    requireSizeOne("AdaptiveAvgPool2d", size);
  }

  protected override forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x);
  }
}

/** Largest value of the whole image: `[H, W, N, C]` to `[1, 1, N, C]`. PyTorch's `AdaptiveMaxPool2d(1)`. */
export class AdaptiveMaxPool2d extends Module {
  constructor(size = 1) {
    super();
    requireSizeOne("AdaptiveMaxPool2d", size);
  }

  protected override forward(x: Tensor): Tensor {
    return adaptiveMaxPool2d(x);
  }
}
