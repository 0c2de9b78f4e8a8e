// Seeded arrays for tests.
import { hostArray, type HostArray } from "../../src/tensor/host-array.js";
import { randomKey, uniform } from "../../src/tensor/random.js";
import { sizeOf, type Shape } from "../../src/tensor/shape.js";

export interface Draw {
  /** Half the width of the interval. Default 1. */
  readonly scale?: number;
  /** Middle of the interval. Default 0. */
  readonly center?: number;
  /** Rounds down to multiples of this, so that zeros and ties occur. */
  readonly step?: number;
}

/** Floats, uniform in `center ± scale`; the same for the same seed. */
export function randomArray(
  shape: Shape,
  seed: number,
  { scale = 1, center = 0, step = 0 }: Draw = {},
): HostArray<"f32"> {
  const key = randomKey(seed, "test");
  const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const value = center + (2 * uniform(key, i) - 1) * scale;
    return step > 0 ? Math.floor(value / step) * step : value;
  });
  return hostArray(shape, values);
}

/** Integers in `0 … below−1`. */
export function randomIntegers<D extends "i32" | "u8">(
  shape: Shape,
  seed: number,
  below: number,
  dtype: D,
): HostArray<D> {
  const key = randomKey(seed, "test");
  const length = sizeOf(shape);
  return hostArray(
    shape,
    Array.from({ length }, (_, i) => Math.floor(uniform(key, i) * below)),
    dtype,
  );
}
