import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { UsageError } from "../tensor/error.js";
import { threefry, uniform } from "../tensor/random.js";
import { dims4, sizeOf } from "../tensor/shape.js";
import { dropoutAttrs, type DropoutAttrs } from "./dropout.js";

/**
 * Zeroes whole samples with the given probability and divides the others by `1 − probability`. Applied to the branch that a
 * block adds to its shortcut, it lets each sample skip some of the blocks in training.
 *
 * Sample n is kept where `uniform(threefry(key, stream, 2), n) ≥ probability`. As the draw is a function of the key,
 * the gradient is the same op on dy. torchvision's `stochastic_depth(x, p, mode="row")`.
 * Source: Huang et al. 2016, arXiv:1603.09382.
 *
 *     x, y [H, W, N, C]   key i32 [2], one for each step
 */
export const stochasticDepthOp = defineOp({
  name: "stochasticDepth",
  role: "forward",
  meaning:
    "As `dropout`, but keeps sample n as a whole where `uniform(threefry(key, stream, 2), n) ≥ probability`",
  inputs: {
    x: "float [H, W, N, C]",
    key: "i32 [2]",
  },
  outputs: {
    y: "float [H, W, N, C]",
  },
  attrs: dropoutAttrs,
  inPlace: { y: ["x"] },
  shape({ x }, { probability }) {
    dims4(x, "stochasticDepth");
    if (!(probability >= 0 && probability <= 1)) {
      throw new UsageError(
        "ERR_ATTRIBUTE",
        `stochasticDepth: probability must be in [0, 1], but it is ${probability}`,
      );
    }
    return { y: x };
  },
  gradient: ({ key, dy, attrs }) => ({ x: stochasticDepth(dy, key, attrs) }),
  flops: ({ x }) => sizeOf(x.shape),
  reference({ x, key }, { y }, { probability, stream }) {
    const [, , n, c] = dims4(x);
    const streamKey = threefry([key.data[0]!, key.data[1]!], stream, 2);
    for (let i = 0; i < y.data.length; i++) {
      const sample = Math.floor(i / c) % n;
      const factor = uniform(streamKey, sample) >= probability ? 1 / (1 - probability) : 0;
      y.data[i] = x.data[i]! * factor;
    }
  },
});

/** Traces stochastic depth; see `stochasticDepthOp`. */
export const stochasticDepth = (x: Tensor, key: Tensor, attrs: DropoutAttrs): Tensor =>
  stochasticDepthOp.trace({ x, key }, attrs).y;
