/**
 * `value` with `digits` decimals, as Python's `format(value, ".2f")` prints it.
 *
 * `toFixed` differs in one case: a value exactly between two results (0.125 at two digits) goes to
 * the larger one there, and to the one with an even last digit here.
 *
 * @param value a finite number of 0 or more
 * @param digits 0 … 20
 */
export function formatFixed(value: number, digits: number): string {
  const rounded = value.toFixed(digits);
  const isTie = /^50*$/.test(value.toFixed(100).split(".")[1]!.slice(digits));
  if (!isTie || "02468".includes(rounded.at(-1)!)) return rounded;
  const truncated = value.toFixed(100).slice(0, rounded.length);
  return digits === 0 ? truncated.replace(".", "") : truncated;
}
