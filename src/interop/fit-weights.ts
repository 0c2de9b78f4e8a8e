import type { HostArray } from "../tensor/host-array.js";
import { printable } from "../tensor/printable.js";
import { formatShape, sameShape, type Shape } from "../tensor/shape.js";
import { unusableValue } from "./check-values.js";
import { InteropError } from "./interop-error.js";
import { listed } from "./listed.js";
import type { Int64Array, StoredArray } from "./stored-array.js";
import { nameInModel } from "./weight-names.js";

/** Weights under a model's own names. */
export interface FittedWeights {
  readonly state: ReadonlyMap<string, HostArray<"f32">>;
  /** PyTorch's `num_batches_tracked`, which nothing here uses: kept, so that a file can be written back as it was. */
  readonly counters: ReadonlyMap<string, Int64Array>;
  /** Entries of `replaceable` whose shape is another one; they are not in `state`. */
  readonly replaced: readonly string[];
}

/**
 * Puts a file's tensors under the names of a model.
 *
 * @param expected every parameter and running statistic of the model, with its shape in PyTorch
 * @param replaceable entries that may be of another shape or missing, such as those of the classifier
 * @param file the file's name, for the error
 * @throws {InteropError} `ERR_WEIGHTS_MATCH` that lists every missing, unexpected, repeated and wrong-shaped entry;
 *   `ERR_WEIGHTS_VALUES` for a weight that is NaN or infinite
 */
export function fitWeights(
  weights: ReadonlyMap<string, StoredArray>,
  expected: ReadonlyMap<string, Shape>,
  replaceable: ReadonlySet<string>,
  file: string,
): FittedWeights {
  const found = new Map<string, StoredArray>();
  const counters = new Map<string, Int64Array>();
  const state = new Map<string, HostArray<"f32">>();
  const replaced: string[] = [];
  const findings: string[] = [];
  const fileNames = new Map<string, string>();
  for (const [fileName, name] of nameInModel(weights.keys())) {
    const array = weights.get(fileName)!;
    const earlier = fileNames.get(name);
    if (earlier !== undefined) {
      const both = `${printable(earlier)} and as ${printable(fileName)}`;
      findings.push(`twice       ${printable(name)}, as ${both}`);
    }
    fileNames.set(name, fileName);
    const counted = name.replace(/num_batches_tracked$/, "running_mean");
    if (counted !== name && expected.has(counted) && array.dtype === "i64") {
      counters.set(name, array);
    } else if (expected.has(name)) found.set(name, array);
    else findings.push(`unexpected  ${printable(fileName)} ${printable(formatShape(array.shape))}`);
  }
  for (const [name, shape] of expected) {
    const array = found.get(name);
    if (isFloats(array) && sameShape(array.shape, shape)) state.set(name, array);
    else if (replaceable.has(name)) replaced.push(name);
    else findings.push(misfit(name, shape, array));
  }
  if (findings.length > 0) {
    throw new InteropError(
      "ERR_WEIGHTS_MATCH",
      `${file}: these weights are not of this model:\n${listed(findings)}`,
    );
  }
  for (const [name, array] of state) {
    const error = unusableValue(fileNames.get(name)!, array, file);
    if (error) throw error;
  }
  return { state, counters, replaced };
}

const isFloats = (array: StoredArray | undefined): array is HostArray<"f32"> =>
  array?.dtype === "f32";

function misfit(name: string, shape: Shape, array: StoredArray | undefined): string {
  if (!array) return `missing     ${name} ${formatShape(shape)}`;
  if (array.dtype !== "f32") return `wrong dtype ${name} is ${array.dtype}, the model's is f32`;
  const found = printable(formatShape(array.shape));
  return `wrong shape ${name} ${found}, the model has ${formatShape(shape)}`;
}
