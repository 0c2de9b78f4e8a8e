import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { sizeOf } from "../tensor/shape.js";
import { activate, activationGrad, type ActivationAttrs } from "./activation.js";

const relus: ActivationAttrs = { activation: "relu", slope: 0 };

/** `max(x, 0)`, element by element; NaN stays NaN. */
export const reluOp = defineOp({
  name: "relu",
  role: "forward",
  meaning: "`max(x, 0)`; NaN stays NaN",
  inputs: {
    x: "float [...]",
  },
  outputs: {
    y: "float [...]",
  },
  attrs: {},
  asEpilogue: () => relus,
  inPlace: { y: ["x"] },
  shape: ({ x }) => ({ y: x }),
  gradient: ({ y, dy }) => ({ x: reluGradOp.trace({ dy, y }, {}).dx }),
  flops: ({ x }) => sizeOf(x.shape),
  reference({ x }, { y }) {
    for (let i = 0; i < y.data.length; i++) y.data[i] = activate(x.data[i]!, relus);
  },
});

/** Traces `max(x, 0)`. The gradient at 0 is 0, as in PyTorch. */
export const relu = (x: Tensor): Tensor => reluOp.trace({ x }, {}).y;

/** Gradient of `relu`, by the sign of its result: `dx = y <= 0 ? 0 : dy`. */
export const reluGradOp = defineOp({
  name: "reluGrad",
  role: "gradient",
  meaning: "`y <= 0 ? 0 : dy`",
  inputs: {
    dy: "float [...]",
    y: "float [...]",
  },
  outputs: {
    dx: "float [...]",
  },
  attrs: {},
  asEpilogue: () => relus,
  inPlace: { dx: ["dy"] },
  gradient: null,
  shape: ({ dy }) => ({ dx: dy }),
  flops: ({ dy }) => sizeOf(dy.shape),
  reference({ dy, y }, { dx }) {
    for (let i = 0; i < dx.data.length; i++)
      dx.data[i] = activationGrad(dy.data[i]!, y.data[i]!, relus);
  },
});
