import type { Values } from "../graph/define-op.js";
import { roundToBf16 } from "../tensor/bf16.js";
import { ShapeError, type DType, type TensorSpec } from "../tensor/shape.js";

/** `values` as they are when stored as `dtype`: rounded to bf16, or as they are. */
export const storedAs = (dtype: DType | undefined, values: Values): Values =>
  dtype === "bf16" ? { ...values, data: roundToBf16(values.data) } : values;

/** @throws {ShapeError} unless both operands are stored alike: activations of one network are */
export function checkDType(
  op: string,
  a: readonly [name: string, spec: TensorSpec],
  b: readonly [name: string, spec: TensorSpec],
): void {
  if (a[1].dtype === b[1].dtype) return;
  throw new ShapeError(
    op,
    `${a[0]} is ${a[1].dtype} but ${b[0]} is ${b[1].dtype}: both must have one dtype`,
    { [a[0]]: { shape: a[1].shape }, [b[0]]: { shape: b[1].shape } },
  );
}
