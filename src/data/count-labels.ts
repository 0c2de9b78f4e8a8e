/** How many of `labels` are each of the classes `0 … classes − 1`. */
export function countLabels(labels: ArrayLike<number>, classes: number): Int32Array {
  const counts = new Int32Array(classes);
  for (let row = 0; row < labels.length; row++) counts[labels[row]!]!++;
  return counts;
}
