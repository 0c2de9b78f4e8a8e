import type { HostArray } from "../tensor/host-array.js";
import { printable, printableList } from "../tensor/printable.js";
import { type Shape, formatShape, sameShape } from "../tensor/shape.js";
import { adaptArray } from "./adapt-array.js";
import { InteropError } from "./interop-error.js";
import type { Int64Array, StoredArray } from "./stored-array.js";
import { type NamesInModel, nameInModel } from "./weight-names.js";

/** Weights under a model's own names. */
interface FittedWeights {
  readonly state: ReadonlyMap<string, HostArray<"f32">>;
  /** PyTorch's `num_batches_tracked`. It is unused, but kept to be written back. */
  readonly counters: ReadonlyMap<string, Int64Array>;
  /** Entries of `replaceable` with another shape; they are not in `state`. */
  readonly replaced: readonly string[];
  /** A sentence for each choice: which weights were taken, left out or adapted. */
  readonly notices: readonly string[];
}

interface FitOptions {
  /** Entries that may be missing or have another shape, such as the classifier's. */
  readonly replaceable?: ReadonlySet<string>;
  /** The file's name, for the error. */
  readonly file: string;
  /** The model's name, for the error. Default: "this model". */
  readonly model?: string;
  /** Guesses the model of the weights, for the error. Called only if they do not fit. */
  readonly likeliest?: () => string | undefined;
}

/** Number of differences that an error lists. */
const mostShown = 5;

/**
 * Puts a file's tensors under the names of a model.
 *
 * Weights that the model does not have are left out, with a notice. A first convolution for 1 or 3 channels, and a
 * head with one output instead of two, are adapted (`adaptArray`).
 *
 * @param expected every parameter and running statistic of the model, with its shape in PyTorch
 * @throws {InteropError} `ERR_WEIGHTS_MATCH` with the first five missing, unexpected, repeated and wrong-shaped
 *   entries and their number; `ERR_WEIGHTS_VALUES` for a weight that is NaN or infinite
 */
export function fitWeights(
  weights: ReadonlyMap<string, StoredArray>,
  expected: ReadonlyMap<string, Shape>,
  options: FitOptions,
): FittedWeights {
  const { replaceable = new Set<string>(), file } = options;
  const named = nameInModel(weights, expected);
  const found = new Map<string, StoredArray>();
  const counters = new Map<string, Int64Array>();
  const state = new Map<string, HostArray<"f32">>();
  const replaced: string[] = [];
  const findings: string[] = [];
  const notices: string[] = [];
  const fileNames = new Map<string, string>();
  const unknown: string[] = [];
  for (const [fileName, name] of named.names) {
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
    else unknown.push(fileName);
  }
  for (const [name, shape] of expected) {
    const original = found.get(name);
    const { array, notice } = adaptArray(name, original, shape, {
      expected,
      head: named.head?.path,
    });
    if (notice !== undefined) notices.push(notice);
    if (isFloats(array) && sameShape(array.shape, shape)) state.set(name, array);
    else if (replaceable.has(name)) replaced.push(name);
    else findings.push(misfit(name, shape, array));
  }
  const { layers, others } = sortUnknown(unknown, named, weights, expected);
  const unexpected = findings.length > 0 ? [...layers, ...others] : layers;
  for (const name of unexpected) {
    const shape = printable(formatShape(weights.get(name)!.shape));
    findings.push(`unexpected  ${printable(name)} ${shape}`);
  }
  if (findings.length > 0) throw misfitError(findings, options);
  for (const [name, array] of state) {
    const error = unusableValue(fileNames.get(name)!, array, file);
    if (error) throw error;
  }
  return { state, counters, replaced, notices: [...noticesOf(named, others), ...notices] };
}

/**
 * Sorts unknown names into those of layers, which make the file's network another one, and others, such as the class
 * weights of a criterion or the counts of a metric.
 */
function sortUnknown(
  unknown: readonly string[],
  { names }: NamesInModel,
  weights: ReadonlyMap<string, StoredArray>,
  expected: ReadonlyMap<string, Shape>,
): { readonly layers: readonly string[]; readonly others: readonly string[] } {
  const partOf = (name: string): string => name.split(".", 1)[0]!;
  const own = new Set([...expected.keys()].map(partOf));
  const isOfLayer = (name: string): boolean =>
    weights.get(name)!.shape.length > 1 || /running_(mean|var)$/.test(name);
  const parts = new Set(unknown.filter(isOfLayer).map((name) => partOf(names.get(name)!)));
  const isLayer = (name: string): boolean => {
    const part = partOf(names.get(name)!);
    return own.has(part) || parts.has(part);
  };
  return {
    layers: unknown.filter(isLayer),
    others: unknown.filter((name) => !isLayer(name)),
  };
}

function noticesOf(
  { prefix, otherPrefixes, outside, head }: NamesInModel,
  others: readonly string[],
): string[] {
  const notices: string[] = [];
  const shown = (text: string): string => printable(text.replace(/\.$/, ""));
  if (otherPrefixes.length > 0) {
    const rest = otherPrefixes.map((other) => (other === "" ? "no prefix" : shown(other)));
    const taken = prefix === "" ? "those without a prefix" : `those under ${shown(prefix)}`;
    notices.push(
      `the file has weights of the model several times: ${taken} are taken; others are under ${printableList(rest)}: resnet import --state NAME chooses`,
    );
  }
  const isOther = (name: string): boolean =>
    otherPrefixes.some((other) => other !== "" && name.startsWith(other));
  const left = [...outside.filter((name) => !isOther(name)), ...others];
  if (left.length > 0) {
    notices.push(`left out, since the model has no such weights: ${printableList(left)}`);
  }
  if (head && head.inFile !== prefix + head.path) {
    notices.push(`${head.path} is taken from ${printable(head.inFile)}`);
  }
  return notices;
}

const isFloats = (array: StoredArray | undefined): array is HostArray<"f32"> =>
  array?.dtype === "f32";

function misfit(name: string, shape: Shape, array: StoredArray | undefined): string {
  if (!array) return `missing     ${name} ${formatShape(shape)}`;
  if (array.dtype !== "f32") return `wrong dtype ${name} is ${array.dtype}, the model's is f32`;
  const found = printable(formatShape(array.shape));
  return `wrong shape ${name} ${found}, the model has ${formatShape(shape)}`;
}

function misfitError(
  findings: readonly string[],
  { file, model = "this model", likeliest }: FitOptions,
): InteropError {
  const other = likeliest?.();
  const instead = other === undefined ? "" : `; by names and shapes they are of ${other}`;
  const lines = [...findings].sort().slice(0, mostShown);
  const count =
    findings.length > mostShown
      ? `The first ${mostShown} of ${findings.length} differences`
      : "Differences";
  return new InteropError(
    "ERR_WEIGHTS_MATCH",
    `${file}: these weights are not of ${model}${instead}. ${count}:\n${lines.map((line) => `  ${line}`).join("\n")}`,
  );
}

/**
 * The error for an array with unusable values: a weight that is NaN or infinite, or a running variance below 0,
 * whose root is NaN. Undefined if all values are usable.
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
