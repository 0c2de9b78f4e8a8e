import { integers, number, wholeShape, type AttrsOf } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { ResnetError } from "../tensor/error.js";
import { formatShape, type Shape } from "../tensor/shape.js";
import { stridesOf, walk } from "./broadcast-shapes.js";

/** Where the elements of the smaller tensor lie in the larger one: element i of an axis at `starts + steps · i`. */
const placeAttrs = { starts: integers({ least: 0 }), steps: integers(), shape: wholeShape };
export type Place = Omit<AttrsOf<typeof placeAttrs>, "shape">;

/** Elements of x at regular distances along each axis; a step may be negative. */
export const sliceOp = defineOp({
  name: "slice",
  role: "forward",
  meaning: "`y[i] = x[starts + steps · i]` along each axis",
  inputs: {
    x: "any [*]",
  },
  outputs: {
    y: "any [...]",
  },
  attrs: placeAttrs,
  shape({ x }, { shape, ...place }) {
    checkPlace("slice", x.shape, shape, place);
    return { y: { ...x, shape } };
  },
  gradient: ({ x, dy, attrs: { starts, steps } }) => ({ x: pad(dy, x.shape, { starts, steps }) }),
  flops: () => 0,
  reference({ x }, { y }, place) {
    const { first, strides } = placed(x.shape, place);
    walk(y.shape, [strides], (i, [at]) => (y.data[i] = x.data[first + at!]!));
  },
});

/** Traces the elements of x at `starts + steps · i`, as many as `shape` has. */
export const slice = (x: Tensor, shape: Shape, { starts, steps }: Place): Tensor =>
  sliceOp.trace({ x }, { starts, steps, shape }).y;

/** A larger tensor with x at regular distances along each axis, and `value` elsewhere. The opposite of `slice`. */
export const padOp = defineOp({
  name: "pad",
  role: "forward",
  meaning: "`y[starts + steps · i] = x[i]` along each axis, and `value` elsewhere",
  inputs: {
    x: "float [*]",
  },
  outputs: {
    y: "float [...]",
  },
  attrs: { ...placeAttrs, value: number() },
  shape({ x }, { shape, starts, steps }) {
    checkPlace("pad", shape, x.shape, { starts, steps });
    return { y: { ...x, shape } };
  },
  gradient: ({ x, dy, attrs: { starts, steps } }) => ({ x: slice(dy, x.shape, { starts, steps }) }),
  flops: () => 0,
  reference({ x }, { y }, { value, ...place }) {
    const { first, strides } = placed(y.shape, place);
    y.data.fill(value);
    walk(x.shape, [strides], (i, [at]) => (y.data[first + at!] = x.data[i]!));
  },
});

/** Traces a tensor of `shape` with x at `starts + steps · i`, and `value` elsewhere. */
export const pad = (x: Tensor, shape: Shape, { starts, steps }: Place, value = 0): Tensor =>
  padOp.trace({ x }, { starts, steps, shape, value }).y;

/** The first element of a smaller tensor in a larger one, and the strides there. */
function placed(
  larger: Shape,
  { starts, steps }: Place,
): { readonly first: number; readonly strides: readonly number[] } {
  const strides = stridesOf(larger);
  return {
    first: starts.reduce((sum, start, axis) => sum + start * strides[axis]!, 0),
    strides: steps.map((step, axis) => step * strides[axis]!),
  };
}

/** @throws {ResnetError} unless each element of the smaller tensor has a place of its own in the larger one */
function checkPlace(op: string, larger: Shape, smaller: Shape, { starts, steps }: Place): void {
  const fits =
    [larger, starts, steps].every(({ length }) => length === smaller.length) &&
    smaller.every((size, axis) => {
      const [start, step] = [starts[axis]!, steps[axis]!];
      const last = start + step * (size - 1);
      return step !== 0 && start < larger[axis]! && last >= 0 && last < larger[axis]!;
    });
  if (fits) return;
  throw new ResnetError(
    "ERR_ATTRIBUTE",
    `${op}: ${formatShape(smaller)} elements from ${formatShape(starts)} in steps of ${formatShape(steps)} do not lie in ${formatShape(larger)}`,
  );
}
