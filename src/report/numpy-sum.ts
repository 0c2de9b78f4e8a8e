/**
 * The sum of `values`, added in the order in which numpy adds them: so a mean that lies next to a
 * rounding boundary is printed with the same digits as numpy's.
 *
 * Source: numpy, `pairwise_sum` in `loops_utils.h.src`: fewer than 8 values one after the other; up
 * to 128 in 8 interleaved sums; more in two halves, cut at a multiple of 8.
 */
export function numpySum(values: readonly number[]): number {
  const n = values.length;
  if (n < 8) return values.reduce((sum, value) => sum + value, 0);
  if (n > 128) {
    const half = Math.floor(n / 16) * 8;
    return numpySum(values.slice(0, half)) + numpySum(values.slice(half));
  }
  const r = values.slice(0, 8);
  const whole = n - (n % 8);
  for (let i = 8; i < whole; i++) r[i % 8]! += values[i]!;
  const total = r[0]! + r[1]! + (r[2]! + r[3]!) + (r[4]! + r[5]! + (r[6]! + r[7]!));
  return values.slice(whole).reduce((sum, value) => sum + value, total);
}
