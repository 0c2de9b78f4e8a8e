import { printable } from "../../tensor/printable.js";
import { PickleDict } from "../../pickle/pickle-dict.js";
import { OpaqueObject } from "../../pickle/pickle-globals.js";
import { InteropError } from "../interop-error.js";
import { TorchTensor } from "./torch-tensor.js";

/** The names under which trainings save their weights, beside counters and optimizers. */
const wrappers = ["state_dict", "model_state_dict", "model", "net"];

/** More than a model and three moments of an optimizer have. */
const maxTensors = 16_384;

/**
 * The named tensors of the saved object: of a dict of tensors, or of one under a usual name within a dict.
 *
 * @throws {InteropError} `ERR_TORCH_FILE` if there are none; `ERR_TORCH_LIMIT` if there are more than 16,384
 */
export function findStateDict(value: unknown, file: string): ReadonlyMap<string, TorchTensor> {
  const dict = value instanceof PickleDict ? value : new PickleDict();
  // The usual names first: beside them a training may save a tensor of its own, such as its best accuracy.
  for (const candidate of [...wrappers.map((name) => dict.get(name)), dict]) {
    const tensors = tensorsOf(candidate, file);
    if (tensors.size > 0) return tensors;
  }
  const models = [...wrappers.map((name) => dict.get(name)), value];
  const model = models.find((each) => each instanceof OpaqueObject);
  if (model) {
    const python = 'torch.save(model.state_dict(), "weights.pth")';
    throw new InteropError(
      "ERR_TORCH_FILE",
      `${file}: it holds an object of ${printable(model.name)} instead of weights, and its code is not run: save the weights in Python, ${python}`,
    );
  }
  const keys = [...dict.keys()].slice(0, 10).map(printableKey);
  const found = dict.size > 0 ? `a dict of ${keys.join(", ")}` : "something else";
  throw new InteropError(
    "ERR_TORCH_FILE",
    `${file}: it should hold a state_dict, or one under ${wrappers.join(", ")}, but holds ${found}`,
  );
}

/** Only short keys are written out: a few tuples that share their parts could be text without end. */
const printableKey = (key: unknown): string =>
  typeof key === "string" || typeof key === "number" ? printable(String(key)) : `a ${typeof key}`;

function tensorsOf(value: unknown, file: string): ReadonlyMap<string, TorchTensor> {
  const tensors = new Map<string, TorchTensor>();
  if (!(value instanceof PickleDict)) return tensors;
  for (const [key, entry] of value) {
    if (typeof key === "string" && entry instanceof TorchTensor) tensors.set(key, entry);
    if (tensors.size > maxTensors) {
      const finding = `the dict of weights has more than ${maxTensors} tensors`;
      throw new InteropError("ERR_TORCH_LIMIT", `${file}: ${finding}`);
    }
  }
  return tensors;
}
