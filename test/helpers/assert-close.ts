import assert from "node:assert/strict";

export interface Tolerance {
  /** Allowed difference as a share of the largest magnitude among the expected values. */
  readonly rtol: number;
  /** Allowed difference on top of that. Default 0. */
  readonly atol?: number;
  /** And as a share of the two values' own magnitude: what each was rounded by. Default 0. */
  readonly own?: number;
}

/** Half the distance from 1 to the next float32: the largest relative error of one rounding. */
export const ulp = 2 ** -24;

/**
 * Asserts that every value is near the expected one. NaN is near NaN, and an infinity near itself.
 *
 * @returns the largest difference, as a share of the largest magnitude
 */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { rtol, atol = 0, own = 0 }: Tolerance,
  what = "value",
): number {
  assert.equal(actual.length, expected.length, `${what}: number of elements`);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    if (Number.isFinite(expected[i])) largest = Math.max(largest, Math.abs(expected[i]!));
  }
  const allowed = atol + rtol * largest;
  let worst = 0;
  let at = -1;
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i])) continue;
    const rounding = own * Math.max(Math.abs(actual[i]!), Math.abs(expected[i]!));
    const difference = Math.abs(actual[i]! - expected[i]!) - rounding;
    if (difference <= worst) continue; // not so for NaN
    worst = Number.isNaN(difference) ? Infinity : difference;
    at = i;
    if (worst === Infinity) break;
  }
  assert.ok(
    worst <= allowed,
    `${what}: element ${at} is ${actual[at]} instead of ${expected[at]}: ` +
      `off by ${worst}, allowed ${allowed}; the largest magnitude is ${largest}`,
  );
  return largest > 0 ? worst / largest : worst;
}
