import { integer, number, type AttrsOf } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { UsageError } from "../tensor/error.js";
import { threefry, uniform } from "../tensor/random.js";
import { sizeOf } from "../tensor/shape.js";

export const dropoutAttrs = {
  /** Probability of an element to become 0, in `[0, 1]`. */
  probability: number({ least: 0, most: 1 }),
  /** Number of the layer, so that no two layers of a run draw the same elements. */
  stream: integer({ least: 0, most: 2 ** 32 - 1 }),
};
export type DropoutAttrs = AttrsOf<typeof dropoutAttrs>;

/**
 * Zeroes each element with the given probability and divides the others by `1 − probability`. NaN and infinities times 0 are NaN,
 * as in PyTorch.
 *
 * Element i is kept where `uniform(threefry(key, stream, 2), i) ≥ probability`. As the draw is a function of
 * the key, the gradient is the same op on dy.
 *
 *     x, y [any shape]   key i32 [2], one for each step
 */
export const dropoutOp = defineOp({
  name: "dropout",
  role: "forward",
  meaning:
    "Keeps element i where `uniform(threefry(key, stream, 2), i) ≥ probability`, and divides it by `1 − probability`",
  inputs: {
    x: "float [...]",
    key: "i32 [2]",
  },
  outputs: {
    y: "float [...]",
  },
  attrs: dropoutAttrs,
  inPlace: { y: ["x"] },
  shape({ x }, { probability }) {
    if (!(probability >= 0 && probability <= 1)) {
      throw new UsageError(
        "ERR_ATTRIBUTE",
        `dropout: probability must be in [0, 1], but it is ${probability}`,
      );
    }
    return { y: x };
  },
  gradient: ({ key, dy, attrs }) => ({ x: dropout(dy, key, attrs) }),
  flops: ({ x }) => sizeOf(x.shape),
  reference({ x, key }, { y }, { probability, stream }) {
    const streamKey = threefry([key.data[0]!, key.data[1]!], stream, 2);
    for (let i = 0; i < y.data.length; i++) {
      const factor = uniform(streamKey, i) >= probability ? 1 / (1 - probability) : 0;
      y.data[i] = x.data[i]! * factor;
    }
  },
});

/** Traces dropout; see `dropoutOp`. */
export const dropout = (x: Tensor, key: Tensor, attrs: DropoutAttrs): Tensor =>
  dropoutOp.trace({ x, key }, attrs).y;
