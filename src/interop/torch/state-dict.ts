import { printable } from "../../tensor/printable.js";
import { InteropError } from "../interop-error.js";
import { TorchTensor } from "./torch-tensor.js";

/** Under which names trainings save their weights, beside counters and optimisers. */
const wrappers = ["state_dict", "model_state_dict", "model", "net"];

/**
 * The named tensors of what was saved: of a dict of tensors, or of one under a usual name within a dict.
 *
 * @throws {InteropError} `ERR_TORCH_FILE` if there are none
 */
export function findStateDict(value: unknown, file: string): ReadonlyMap<string, TorchTensor> {
  const dict = value instanceof Map ? value : new Map<unknown, unknown>();
  // The usual names first: beside them a training may save a tensor of its own, such as its best accuracy.
  for (const candidate of [...wrappers.map((name) => dict.get(name) as unknown), dict]) {
    const tensors = tensorsOf(candidate);
    if (tensors.size > 0) return tensors;
  }
  const keys = [...dict.keys()].slice(0, 10).map(printableKey);
  const found = dict.size > 0 ? `a dict of ${keys.join(", ")}` : "something else";
  throw new InteropError(
    "ERR_TORCH_FILE",
    `${file}: it should hold a state_dict, or one under ${wrappers.join(", ")}, but holds ${found}`,
  );
}

/** Only what is short is written out: a few tuples that share their parts would be text without end. */
const printableKey = (key: unknown): string =>
  typeof key === "string" || typeof key === "number" ? printable(String(key)) : `a ${typeof key}`;

function tensorsOf(value: unknown): ReadonlyMap<string, TorchTensor> {
  const tensors = new Map<string, TorchTensor>();
  if (!(value instanceof Map)) return tensors;
  for (const [key, entry] of value as Map<unknown, unknown>) {
    if (typeof key === "string" && entry instanceof TorchTensor) tensors.set(key, entry);
  }
  return tensors;
}
