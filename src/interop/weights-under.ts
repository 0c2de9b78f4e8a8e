import { printable, printableList } from "../tensor/printable.js";
import { InteropError } from "./interop-error.js";

/**
 * Those of some weights whose names begin with a prefix, such as `teacher` in `teacher.conv1.weight`.
 *
 * @param file its name, for the error
 * @param places further names that could have been asked for, for the error
 * @throws {InteropError} `ERR_WEIGHTS_STATE` if there are none
 */
export function weightsUnder<T>(
  weights: ReadonlyMap<string, T>,
  prefix: string,
  file: string,
  places: readonly string[] = [],
): ReadonlyMap<string, T> {
  const under = new Map([...weights].filter(([name]) => name.startsWith(`${prefix}.`)));
  if (under.size > 0) return under;
  const parts = new Set([...weights.keys()].map((name) => name.split(".", 1)[0]!));
  const known = [...places.filter((place) => place !== ""), ...parts];
  throw new InteropError(
    "ERR_WEIGHTS_STATE",
    `${file}: it has no weights under ${printable(prefix)}: choose among ${printableList(known)}`,
  );
}
