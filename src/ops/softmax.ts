import { flag, integer } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { ResnetError } from "../tensor/error.js";
import { sizeOf, type Shape } from "../tensor/shape.js";

const softmaxAttrs = {
  axis: integer({ least: 0 }),
  /** Whether y is the logarithm. */
  log: flag,
};

/** `exp(x) / Σ exp(x)` along an axis, or its logarithm. */
export const softmaxOp = defineOp({
  name: "softmax",
  role: "forward",
  meaning: "`exp(x) / Σ exp(x)` along `axis`, or its logarithm where `log`",
  inputs: {
    x: "float [...]",
  },
  outputs: {
    y: "float [...]",
  },
  attrs: softmaxAttrs,
  inPlace: { y: ["x"] },
  shape({ x }, { axis }) {
    checkAxis("softmax", x.shape, axis);
    return { y: x };
  },
  gradient: ({ y, dy, attrs }) => ({ x: softmaxGradOp.trace({ dy, y }, attrs).dx }),
  flops: ({ x }) => 5 * sizeOf(x.shape),
  reference({ x }, { y }, { axis, log }) {
    forEachLine(x.shape, axis, (places) => {
      const max = places.reduce((most, i) => Math.max(most, x.data[i]!), -Infinity);
      const sum = places.reduce((total, i) => total + Math.exp(x.data[i]! - max), 0);
      for (const i of places) {
        const apart = x.data[i]! - max;
        y.data[i] = log ? apart - Math.log(sum) : Math.exp(apart) / sum;
      }
    });
  },
});

/** Traces the softmax along an axis of memory. */
export const softmax = (x: Tensor, axis: number): Tensor =>
  softmaxOp.trace({ x }, { axis, log: false }).y;

/** Traces the logarithm of the softmax along an axis of memory. */
export const logSoftmax = (x: Tensor, axis: number): Tensor =>
  softmaxOp.trace({ x }, { axis, log: true }).y;

/** Gradient of `softmax` by its result: `y · (dy − Σ dy · y)`, or `dy − exp(y) · Σ dy` of the logarithm. */
export const softmaxGradOp = defineOp({
  name: "softmaxGrad",
  role: "gradient",
  meaning: "`y · (dy − Σ dy · y)`, or `dy − exp(y) · Σ dy` where `log`",
  inputs: {
    dy: "float [...]",
    y: "float [...]",
  },
  outputs: {
    dx: "float [...]",
  },
  attrs: softmaxAttrs,
  inPlace: { dx: ["dy", "y"] },
  gradient: null,
  shape({ dy }, { axis }) {
    checkAxis("softmaxGrad", dy.shape, axis);
    return { dx: dy };
  },
  flops: ({ dy }) => 4 * sizeOf(dy.shape),
  reference({ dy, y }, { dx }, { axis, log }) {
    forEachLine(dy.shape, axis, (places) => {
      const sum = places.reduce((total, i) => total + dy.data[i]! * (log ? 1 : y.data[i]!), 0);
      for (const i of places) {
        const given = dy.data[i]!;
        dx.data[i] = log ? given - Math.exp(y.data[i]!) * sum : y.data[i]! * (given - sum);
      }
    });
  },
});

/** Calls `visit` with the places of the elements of each line along an axis. */
export function forEachLine(
  shape: Shape,
  axis: number,
  visit: (places: readonly number[], line: number) => void,
): void {
  const length = shape[axis]!;
  const inner = sizeOf(shape.slice(axis + 1));
  const lines = sizeOf(shape) / length;
  for (let line = 0; line < lines; line++) {
    const first = Math.floor(line / inner) * length * inner + (line % inner);
    visit(
      Array.from({ length }, (_, i) => first + i * inner),
      line,
    );
  }
}

/** @throws {ResnetError} unless it is an axis of the shape */
export function checkAxis(op: string, shape: Shape, axis: number): void {
  if (axis < shape.length) return;
  throw new ResnetError(
    "ERR_ATTRIBUTE",
    `${op}: there are ${shape.length} axes, but axis is ${axis}`,
  );
}
