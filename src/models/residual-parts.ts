import type { Module } from "../nn/module.js";

/** Parts of a residual block that differ between the relatives of ResNet. Each makes a module of the block. */
export interface ResidualParts {
  /** Weighs the channels of the last batch norm's result, such as `squeezeExcite()`; the field `se`. Default: nothing does. */
  readonly attention?: (channels: number) => Module;
  /** The shortcut where the shape changes; null where the identity fits. Default: `projection`. */
  readonly downsample?: (inChannels: number, channels: number, stride: number) => Module | null;
  /** Halves the image in place of the convolution that steps, which then keeps it; the field `aa`. Default: the convolution does. */
  readonly antialias?: () => Module;
}
