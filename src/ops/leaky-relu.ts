import { number } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { UsageError } from "../tensor/error.js";
import { sizeOf } from "../tensor/shape.js";
import { activate, activationGrad } from "./activation.js";

const slopeAttrs = { slope: number() };

/** `x > 0 ? x : slope · x`, element by element. */
export const leakyReluOp = defineOp({
  name: "leakyRelu",
  role: "forward",
  meaning: "`x > 0 ? x : slope · x`",
  inputs: {
    x: "float [...]",
  },
  outputs: {
    y: "float [...]",
  },
  attrs: slopeAttrs,
  asEpilogue: ({ slope }) => ({ activation: "leakyRelu", slope }),
  inPlace: { y: ["x"] },
  shape({ x }, { slope }) {
    if (!Number.isFinite(slope))
      throw new UsageError("ERR_ATTRIBUTE", `leakyRelu: slope must be finite, but it is ${slope}`);
    return { y: x };
  },
  // The result has the sign of x unless the slope is negative.
  gradient: ({ x, y, dy, attrs }) => ({
    x: leakyReluGradOp.trace({ dy, y: attrs.slope < 0 ? x : y }, attrs).dx,
  }),
  flops: ({ x }) => 2 * sizeOf(x.shape),
  reference({ x }, { y }, { slope }) {
    for (let i = 0; i < y.data.length; i++)
      y.data[i] = activate(x.data[i]!, { activation: "leakyRelu", slope });
  },
});

/** Traces `x > 0 ? x : slope · x`; PyTorch's `leaky_relu(x, slope)`, whose default slope is 0.01. */
export const leakyRelu = (x: Tensor, slope = 0.01): Tensor => leakyReluOp.trace({ x }, { slope }).y;

/** Gradient of `leakyRelu`: `dx = y > 0 ? dy : slope · dy`, where y is the result, or x if the slope is negative. */
export const leakyReluGradOp = defineOp({
  name: "leakyReluGrad",
  role: "gradient",
  meaning: "`y > 0 ? dy : slope · dy`, where y is x if the slope is negative",
  inputs: {
    dy: "float [...]",
    y: "float [...]",
  },
  outputs: {
    dx: "float [...]",
  },
  attrs: slopeAttrs,
  asEpilogue: ({ slope }) => ({ activation: "leakyRelu", slope }),
  inPlace: { dx: ["dy"] },
  gradient: null,
  shape: ({ dy }) => ({ dx: dy }),
  flops: ({ dy }) => 2 * sizeOf(dy.shape),
  reference({ dy, y }, { dx }, { slope }) {
    for (let i = 0; i < dx.data.length; i++) {
      dx.data[i] = activationGrad(dy.data[i]!, y.data[i]!, { activation: "leakyRelu", slope });
    }
  },
});
