/**
 * The error function in double precision, by a series of positive terms: `2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1 · 3 · 5 … (2n+1))`.
 * NaN stays NaN. Source: Abramowitz and Stegun, 7.1.6.
 */
export function erf(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (Math.abs(x) > 6) return Math.sign(x); // 1 − erf(6) is 2e-17
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
