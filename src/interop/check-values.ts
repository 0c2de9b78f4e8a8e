import { printable } from "../tensor/printable.js";
import { formatShape } from "../tensor/shape.js";
import { InteropError } from "./interop-error.js";
import type { StoredArray } from "./stored-array.js";

/**
 * The error of an array that no network can compute with: a weight that is NaN or infinite, or a running variance below 0,
 * whose root is NaN. Undefined where all values can be used.
 *
 * @param file the file's name, for the error
 * @returns an error of code `ERR_WEIGHTS_VALUES`
 */
export function unusableValue(
  name: string,
  array: StoredArray,
  file: string,
): InteropError | undefined {
  if (array.dtype !== "f32") return undefined;
  const { shape } = array;
  const data = array.data as Float32Array;
  const least = name.endsWith("running_var") ? 0 : -Infinity;
  const isUsable = (value: number): boolean => Number.isFinite(value) && value >= least;
  const first = data.findIndex((value) => !isUsable(value));
  if (first < 0) return undefined;
  const count = data.reduce((sum, value) => sum + Number(!isUsable(value)), 0);
  const place = formatShape(indexOf(first, shape));
  const rule = least === 0 ? "a variance is a finite number of 0 or more" : "weights are finite";
  return new InteropError(
    "ERR_WEIGHTS_VALUES",
    `${file}: ${printable(name)} ${formatShape(shape)} has ${count} of ${data.length} values that cannot be used, ` +
      `the first at ${place}: ${data[first]}, but ${rule}. ` +
      `The file is damaged or its training diverged: take an earlier checkpoint`,
  );
}

/** The position of an element along each axis. */
function indexOf(element: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  for (let axis = shape.length - 1, rest = element; axis >= 0; axis--) {
    index.unshift(rest % shape[axis]!);
    rest = Math.floor(rest / shape[axis]!);
  }
  return index;
}
