import type { HostArray } from "../tensor/host-array.js";
import { printable, printableList } from "../tensor/printable.js";
import { formatShape, sameShape, type Shape } from "../tensor/shape.js";
import { adaptArray } from "./adapt-array.js";
import { unusableValue } from "./check-values.js";
import { InteropError } from "./interop-error.js";
import type { Int64Array, StoredArray } from "./stored-array.js";
import { nameInModel, type NamesInModel } from "./weight-names.js";

/** Weights under a model's own names. */
export interface FittedWeights {
  readonly state: ReadonlyMap<string, HostArray<"f32">>;
  /** PyTorch's `num_batches_tracked`, which nothing here uses: kept, so that a file can be written back as it was. */
  readonly counters: ReadonlyMap<string, Int64Array>;
  /** Entries of `replaceable` whose shape is another one; they are not in `state`. */
  readonly replaced: readonly string[];
  /** A sentence for each choice that was made: which weights were taken, left out or adapted. */
  readonly notices: readonly string[];
}

export interface FitOptions {
  /** Entries that may be of another shape or missing, such as those of the classifier. */
  readonly replaceable?: ReadonlySet<string>;
  /** The file's name, for the error. */
  readonly file: string;
  /** The model's name, for the error. Default: "this model". */
  readonly model?: string;
  /** What the weights are of instead, for the error. Called only if they do not fit. */
  readonly likeliest?: () => string | undefined;
}

/** Differences that an error shows. */
const mostShown = 5;

/**
 * Puts a file's tensors under the names of a model.
 *
 * Weights of the file outside of the model's own are left out, with a notice. A first convolution for 1 or 3 channels, and
 * a head of one output where the model's has two, are adapted as `adaptArray` does.
 *
 * @param expected every parameter and running statistic of the model, with its shape in PyTorch
 * @throws {InteropError} `ERR_WEIGHTS_MATCH` with the first five missing, unexpected, repeated and wrong-shaped entries and
 *   their number; `ERR_WEIGHTS_VALUES` for a weight that is NaN or infinite
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
 * Tells unknown names apart: those of layers, without which the file's network would be another one, and others, such as the
 * class weights of a criterion or a metric's counts.
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
