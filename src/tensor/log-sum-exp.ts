/**
 * The parts of a softmax over `count` logits from `start`: the largest, and `ln Σ exp(logit − max)`.
 *
 * The logarithm of a probability is `logit − max − logSum`. The difference of the logits comes first: next to a huge logit,
 * `logSum` would be lost.
 *
 * @returns NaN as `logSum` if a logit is NaN or +∞, or all are −∞
 */
export function logSumExp(
  logits: ArrayLike<number>,
  start = 0,
  count = logits.length,
): { readonly max: number; readonly logSum: number } {
  let max = -Infinity;
  for (let i = start; i < start + count; i++) if (logits[i]! > max) max = logits[i]!;
  let sum = 0;
  for (let i = start; i < start + count; i++) sum += Math.exp(logits[i]! - max);
  return { max, logSum: Math.log(sum) };
}
