import { ResnetError } from "../tensor/error.js";
import { checkHostArray, type HostArray } from "../tensor/host-array.js";
import { printable } from "../tensor/printable.js";
import { formatShape, sameShape, type Shape } from "../tensor/shape.js";
import type { ModuleState } from "./parameter.js";

/** Arrays by parameter name, in PyTorch's shapes and order of elements: what a checkpoint holds. */
export type ModelState = ReadonlyMap<string, HostArray>;

/** Shape and dtype of each array. Files have dtypes that no model takes. */
export type StateSpecs = ReadonlyMap<string, { readonly shape: Shape; readonly dtype: string }>;

/** Arrays as files have them. */
export type StoredState = ReadonlyMap<
  string,
  { readonly shape: Shape; readonly dtype: string; readonly data: { readonly length: number } }
>;

/** The names on which a model and its weights do not agree. */
export interface StateDifferences {
  /** Names of the model that are not among the weights. */
  readonly missing: readonly string[];
  /** Among the weights, and not of the model. */
  readonly unexpected: readonly string[];
}

export interface LoadOptions {
  /** Whether weights and model must have the same names. Default true. */
  readonly strict?: boolean;
}

/** PyTorch's counter of batches, which nothing here uses. */
const isUnused = (name: string): boolean => name.endsWith("num_batches_tracked");

/**
 * Makes a model hold these weights.
 *
 * @param state the model's parameters and running statistics
 * @param weights in PyTorch's shapes and order. `num_batches_tracked` is ignored
 * @throws {ResnetError} `ERR_CHECKPOINT` that lists every array of a wrong shape, and with `strict` every missing and
 *   unexpected one; then nothing has changed
 */
export function loadState(
  state: ReadonlyMap<string, ModuleState>,
  weights: StoredState,
  { strict = true }: LoadOptions = {},
): StateDifferences {
  const specs = specsOf(state);
  const used = new Map([...weights].filter(([name]) => !isUnused(name)));
  const missing = [...specs.keys()].filter((name) => !used.has(name));
  const unexpected = [...used.keys()].filter((name) => !specs.has(name));
  const compared = strict ? used : new Map([...used].filter(([name]) => specs.has(name)));
  const wanted = strict ? specs : new Map([...specs].filter(([name]) => used.has(name)));
  refuse(differences(wanted, compared));
  for (const [name, array] of compared)
    checkHostArray(name, array as HostArray<"f32">, "ERR_CHECKPOINT");
  for (const [name, array] of compared) state.get(name)!.value = array as HostArray<"f32">;
  return { missing, unexpected };
}

/**
 * Checks that arrays are those of a model, by name, shape and dtype.
 *
 * @throws {ResnetError} `ERR_CHECKPOINT` that lists every missing, unexpected and wrong-shaped entry at once, up to a dozen.
 *   PyTorch's `num_batches_tracked` counters are ignored.
 */
export function checkState(state: ReadonlyMap<string, ModuleState>, found: StateSpecs): void {
  const used = [...found].filter(([name]) => !isUnused(name));
  refuse(differences(specsOf(state), new Map(used)));
}

function refuse(findings: string | null): void {
  if (!findings) return;
  throw new ResnetError("ERR_CHECKPOINT", `these weights are not of this model:\n${findings}`);
}

const specsOf = (state: ReadonlyMap<string, ModuleState>): StateSpecs =>
  new Map([...state].map(([name, { torchShape: shape, dtype }]) => [name, { shape, dtype }]));

/** The missing and unexpected entries and those of another shape or dtype, one a line and a dozen at most; null if there are none. */
export function differences(expected: StateSpecs, found: StateSpecs): string | null {
  const findings: string[] = [];
  for (const [name, { shape, dtype }] of expected) {
    const other = found.get(name);
    if (!other) findings.push(`missing     ${name} ${formatShape(shape)}`);
    else if (!sameShape(other.shape, shape)) {
      findings.push(
        `wrong shape ${name} ${printable(formatShape(other.shape))}, the model has ${formatShape(shape)}`,
      );
    } else if (other.dtype !== dtype) {
      findings.push(`wrong dtype ${name} is ${other.dtype}, the model's is ${dtype}`);
    }
  }
  for (const name of found.keys()) {
    if (!expected.has(name)) findings.push(`unexpected  ${printable(name)}`);
  }
  if (findings.length === 0) return null;
  const most = 12;
  const rest = findings.length > most ? [`… and ${findings.length - most} more`] : [];
  return [...findings.slice(0, most), ...rest].map((line) => `  ${line}`).join("\n");
}
