import type { Tensor } from "../graph/tensor.js";
import { adaptiveAvgPool2d } from "../ops/adaptive-avg-pool2d.js";
import { adaptiveMaxPool2d } from "../ops/adaptive-max-pool2d.js";
import { avgPool2d } from "../ops/avg-pool2d.js";
import { maxPool2d, type PoolAttrs } from "../ops/max-pool2d.js";
import { Module } from "./module.js";

export interface PoolOptions {
  /** Step between windows, in pixels. Default the kernel. */
  readonly stride?: number;
  /** Pixels added on every side of the image. Default 0. */
  readonly padding?: number;
}

const poolAttrs = (kernel: number, { stride = kernel, padding = 0 }: PoolOptions): PoolAttrs => ({
  kernel,
  stride,
  padding,
});

/** Largest value of each window: `[H, W, N, C]` to `[OH, OW, N, C]`. PyTorch's `MaxPool2d`. */
export class MaxPool2d extends Module {
  private readonly window: PoolAttrs;

  constructor(kernel: number, options: PoolOptions = {}) {
    super();
    this.window = poolAttrs(kernel, options);
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
    this.window = poolAttrs(kernel, options);
  }

  protected override forward(x: Tensor): Tensor {
    return avgPool2d(x, this.window);
  }
}

/** Mean over the whole image: `[H, W, N, C]` to `[1, 1, N, C]`. PyTorch's `AdaptiveAvgPool2d(1)`. */
export class AdaptiveAvgPool2d extends Module {
  protected override forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x);
  }
}

/** Largest value of the whole image: `[H, W, N, C]` to `[1, 1, N, C]`. PyTorch's `AdaptiveMaxPool2d(1)`. */
export class AdaptiveMaxPool2d extends Module {
  protected override forward(x: Tensor): Tensor {
    return adaptiveMaxPool2d(x);
  }
}
