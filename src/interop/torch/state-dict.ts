import { printable } from "../../tensor/printable.js";
import { PickleDict } from "../../pickle/pickle-dict.js";
import { OpaqueObject } from "../../pickle/pickle-globals.js";
import { InteropError } from "../interop-error.js";
import { weightsUnder } from "../weight-names.js";
import { TorchTensor } from "./torch-tensor.js";

/** The usual names of weights in checkpoints, in order of preference. */
const usual = ["state_dict", "model_state_dict", "model", "net"];

/** Depth of nested dicts that are searched. */
const maxDepth = 5;

/** Longest key that is followed: paths consist of keys, and a file can repeat a long key very often. */
const maxKeyLength = 256;

/** More than a checkpoint has, with weights, their average, and three moments of an optimizer. */
const maxTensors = 16_384;
const maxDicts = 1024;

/** Weights within a saved object. */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  /** The keys that lead to them: `state_dict_ema`, `ema.model`; empty if they are the saved object itself. */
  readonly path: string;
  /** Paths of other weights with at least half as many tensors, such as averaged ones. */
  readonly others: readonly string[];
}

/**
 * Finds the named tensors of the saved object: a dict of tensors, or one inside it under any name. A usual name is
 * preferred, then the dict with the most tensors.
 *
 * @param state the path of the wanted weights, or the prefix of their names
 * @throws {InteropError} `ERR_TORCH_FILE` if there are none; `ERR_TORCH_LIMIT` if there are more than 16,384, or more
 *   than 1,024 dicts of them; `ERR_WEIGHTS_STATE` if there are none under `state`
 */
export function findStateDict(value: unknown, file: string, state?: string): StateDict {
  const all = [...limited(dictsWithin(value), file)];
  const chosen = all.find(({ path }) => path === state) ?? mostLikely(all);
  if (!chosen) throw notFound(value, file);
  const { path, tensors } = chosen;
  const others = all.filter((each) => each !== chosen && 2 * each.tensors.size >= tensors.size);
  const known = others.map((each) => each.path).filter((other) => other !== "");
  if (state === undefined || path === state) return { tensors, path, others: known };
  const places = all.map((each) => each.path);
  return { tensors: weightsUnder(tensors, state, file, places), path: state, others: [] };
}

interface FoundDict {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TorchTensor>;
}

/** Every dict with tensors except those of optimizers, whose moments are named like weights. */
function* dictsWithin(
  value: unknown,
  path: readonly string[] = [],
  seen = new Set<unknown>(),
): Generator<FoundDict, void> {
  if (!(value instanceof PickleDict) || seen.has(value) || path.length > maxDepth) return;
  seen.add(value);
  const tensors = tensorsOf(value);
  if (tensors.size > 0) yield { path: path.join("."), tensors };
  for (const [key, inner] of value) {
    if (typeof key !== "string" || key.length > maxKeyLength) continue;
    if (inner instanceof PickleDict && !/optim/i.test(key)) {
      yield* dictsWithin(inner, [...path, key], seen);
    }
  }
}

function* limited(found: Iterable<FoundDict>, file: string): Generator<FoundDict, void> {
  let [dicts, tensors] = [0, 0];
  for (const each of found) {
    dicts++;
    tensors += each.tensors.size;
    if (dicts > maxDicts || tensors > maxTensors) {
      const finding = `it has more than ${maxTensors} tensors, or more than ${maxDicts} dicts of tensors`;
      throw new InteropError("ERR_TORCH_LIMIT", `${file}: ${finding}`);
    }
    yield each;
  }
}

/** The first with a usual name, unless another is ten times larger; else the largest. */
function mostLikely(found: readonly FoundDict[]): FoundDict | undefined {
  const most = found.reduce((size, { tensors }) => Math.max(size, tensors.size), 0);
  const named = usual.flatMap((name) =>
    found.filter(({ path }) => path === name || path.endsWith(`.${name}`)),
  );
  return (
    named.find(({ tensors }) => 10 * tensors.size >= most) ??
    found.find(({ tensors }) => tensors.size === most)
  );
}

function notFound(value: unknown, file: string): InteropError {
  const dict = value instanceof PickleDict ? value : new PickleDict();
  const models = [...usual.map((name) => dict.get(name)), value];
  const model = models.find((each) => each instanceof OpaqueObject);
  if (model) {
    const python = 'torch.save(model.state_dict(), "weights.pth")';
    return new InteropError(
      "ERR_TORCH_FILE",
      `${file}: it holds an object of ${printable(model.name)} instead of weights, and its code is not run: save the weights in Python, ${python}`,
    );
  }
  const keys = [...dict.keys()].slice(0, 10).map(printableKey);
  const found = dict.size > 0 ? `a dict of ${keys.join(", ")}` : "something else";
  return new InteropError(
    "ERR_TORCH_FILE",
    `${file}: it should hold a state_dict, or one within a dict, but holds ${found}`,
  );
}

/** Only short keys are printed: nested tuples that share their parts could be endless text. */
const printableKey = (key: unknown): string =>
  typeof key === "string" || typeof key === "number" ? printable(String(key)) : `a ${typeof key}`;

function tensorsOf(value: PickleDict): ReadonlyMap<string, TorchTensor> {
  const tensors = new Map<string, TorchTensor>();
  for (const [key, entry] of value) {
    if (typeof key === "string" && entry instanceof TorchTensor) tensors.set(key, entry);
    if (tensors.size > maxTensors) break; // refused by the caller
  }
  return tensors;
}
