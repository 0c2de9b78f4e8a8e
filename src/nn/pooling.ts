import type { Tensor } from "../graph/tensor.js";
import { type PerAxis } from "../functional/per-axis.js";
import {
  adaptiveAvgPool2d,
  avgPool2d,
  maxPool2d,
  type AvgPoolingOptions,
  type PoolingOptions,
} from "../functional/pooling.js";
import { adaptiveMaxPool2d } from "../ops/adaptive-max-pool2d.js";
import { checkOptionValues, checkPerAxis, count, size } from "../tensor/check-options.js";
import { UsageError } from "../tensor/error.js";
import { describeSize, formatArguments } from "./describe.js";
import { Module } from "./module.js";

export type PoolOptions = Omit<PoolingOptions, "kernel">;
export type AvgPoolOptions = Omit<AvgPoolingOptions, "kernel">;

const sizes = { stride: "any", padding: "any", ceilMode: "boolean" } as const;

/** @throws {ResnetError} `ERR_ARGUMENT` for a size that is not one number or two, or a number out of range */
function checkSizes(
  where: string,
  kernel: PerAxis,
  { stride = kernel, padding = 0 }: PoolOptions,
): void {
  checkPerAxis(where, "kernel", kernel, count);
  checkPerAxis(where, "stride", stride, count);
  checkPerAxis(where, "padding", padding, size);
}

const describeWindow = (kernel: PerAxis, options: AvgPoolOptions): string =>
  formatArguments(
    [describeSize(kernel)],
    { ...options },
    { stride: kernel, padding: 0, ceilMode: false, countIncludePad: true },
  );

/** The largest values of other sizes are those of windows. */
function requireSizeOne(where: string, size: number): void {
  if (size === 1) return;
  throw new UsageError(
    "ERR_ARGUMENT",
    `${where}: the output size is ${size}, but only 1 is supported: pool with windows, such as new MaxPool2d(2)`,
  );
}

/** Largest value of each window: `[N, C, H, W]` to `[N, C, OH, OW]`. PyTorch's `MaxPool2d`. */
export class MaxPool2d extends Module {
  /** @throws {ResnetError} `ERR_ARGUMENT` for an option that does not exist, or a number out of range */
  constructor(
    private readonly kernel: PerAxis,
    private readonly options: PoolOptions = {},
  ) {
    super();
    checkOptionValues("MaxPool2d", options, sizes);
    checkSizes("MaxPool2d", kernel, options);
  }

  override describe(): string {
    return describeWindow(this.kernel, this.options);
  }

  protected override forward(x: Tensor): Tensor {
    return maxPool2d(x, { ...this.options, kernel: this.kernel });
  }
}

/** Mean of each window: `[N, C, H, W]` to `[N, C, OH, OW]`. PyTorch's `AvgPool2d`. */
export class AvgPool2d extends Module {
  /** @throws {ResnetError} `ERR_ARGUMENT` for an option that does not exist, or a number out of range */
  constructor(
    private readonly kernel: PerAxis,
    private readonly options: AvgPoolOptions = {},
  ) {
    super();
    checkOptionValues("AvgPool2d", options, { ...sizes, countIncludePad: "boolean" });
    checkSizes("AvgPool2d", kernel, options);
  }

  override describe(): string {
    return describeWindow(this.kernel, this.options);
  }

  protected override forward(x: Tensor): Tensor {
    return avgPool2d(x, { ...this.options, kernel: this.kernel });
  }
}

/** Means of as many windows as the result has pixels: `[N, C, H, W]` to `[N, C, size, size]`. PyTorch's `AdaptiveAvgPool2d`. */
export class AdaptiveAvgPool2d extends Module {
  /** @param size of the result: one number, or `[height, width]`. Default 1 */
  constructor(private readonly size: PerAxis = 1) {
    super();
    checkPerAxis("AdaptiveAvgPool2d", "size", size, count);
  }

  override describe(): string {
    return formatArguments(this.size === 1 ? [] : [describeSize(this.size)]);
  }

  protected override forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.size);
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
