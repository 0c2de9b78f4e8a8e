import { numpyGlobals } from "../../pickle/numpy.js";
import { PickleGlobal, type Charge, type PickleGlobals } from "../../pickle/pickle-globals.js";
import { asText } from "../../pickle/pickle-text.js";
import type { PersistentLoad } from "../../pickle/unpickler.js";
import { printable } from "../../tensor/printable.js";
import { TorchTensor, type TorchStorage } from "./torch-tensor.js";

/** PyTorch's classes of storages, and the type of an element by its name in safetensors. */
const storageTypes: Readonly<Record<string, string>> = {
  FloatStorage: "F32",
  DoubleStorage: "F64",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  LongStorage: "I64",
  IntStorage: "I32",
  ShortStorage: "I16",
  CharStorage: "I8",
  ByteStorage: "U8",
  BoolStorage: "BOOL",
};

/** More than a model and three moments of an optimiser have. */
const maxStorages = 16_384;

/** What a Map keeps for an entry, at most, in bytes. */
const entryBytes = 64;

/** Entries of a dict in pairs: how an OrderedDict with contents is written by Python 2. */
function orderedDict([pairs = []]: readonly unknown[], charge: Charge): Map<unknown, unknown> {
  const isPair = (pair: unknown): pair is [unknown, unknown] =>
    Array.isArray(pair) && pair.length === 2;
  if (!Array.isArray(pairs) || !pairs.every(isPair)) throw new Error("its entries are no pairs");
  // Many dicts can be asked for of one list, so each is paid for, and with it the text of its keys.
  const keyBytes = pairs.reduce(
    (sum, [key]) => sum + (key instanceof Uint8Array ? key.length : 0),
    0,
  );
  charge((pairs.length + 1) * entryBytes + keyBytes);
  return new Map(pairs.map(([key, value]) => [asText(key) ?? key, value]));
}

/** `(storage, offset, shape, strides, …)`: whether it needs gradients, and its hooks, are not kept. */
function rebuildTensor([storage, offset, shape, strides]: readonly unknown[]): TorchTensor {
  if (!(storage instanceof StorageReference)) throw new Error("it has no storage");
  return TorchTensor.of(storage, offset, shape, strides);
}

/** `(tensor, …)` */
function rebuildParameter([tensor]: readonly unknown[]): TorchTensor {
  if (!(tensor instanceof TorchTensor)) throw new Error("it has no tensor");
  return tensor;
}

/** What `torch.save` of a state_dict, or of a training's state, may name. */
export const torchGlobals: PickleGlobals = new Map([
  ...numpyGlobals,
  ["collections.OrderedDict", orderedDict],
  ["torch.Size", ([sizes]: readonly unknown[]) => sizes],
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_parameter", rebuildParameter],
  ...Object.keys(storageTypes).flatMap((name) => [
    [`torch.${name}`, null] as const,
    [`torch.cuda.${name}`, null] as const,
  ]),
]);

/** A storage as a value of the pickle. */
class StorageReference implements TorchStorage {
  constructor(
    readonly key: string,
    readonly type: string,
    readonly start: number,
    readonly length: number,
  ) {}
}

/** What a pickle says of a storage outside of it, with the numbers of the whole storage. */
export interface StorageClaim {
  readonly type: string;
  /** Elements. */
  readonly length: number;
}

/**
 * Reads references to storages: `("storage", class, key, device, length)`, and in older files also null or a view
 * `(key, offset, length)`.
 *
 * @param claims where each storage is noted under its key
 */
export const storageLoader =
  (claims: Map<string, StorageClaim>): PersistentLoad =>
  (identity) => {
    if (!Array.isArray(identity) || asText(identity[0]) !== "storage") {
      throw new Error("it refers to what is no storage");
    }
    const [, storageClass, keyValue, , length, view = null] = identity as unknown[];
    const name = storageClass instanceof PickleGlobal ? storageClass.name.split(".").at(-1)! : "";
    const key = typeof keyValue === "number" ? String(keyValue) : asText(keyValue);
    if (!Object.hasOwn(storageTypes, name) || key === null || !isCount(length)) {
      throw new Error("the reference to a storage is damaged");
    }
    const type = storageTypes[name]!;
    const claim = claims.get(key) ?? { type, length };
    if (claim.type !== type || claim.length !== length) {
      throw new Error(
        `storage ${printable(key)} is said to be ${claim.type} and ${type}, or of two lengths`,
      );
    }
    claims.set(key, claim);
    if (claims.size > maxStorages) throw new Error(`it has more than ${maxStorages} storages`);
    if (view === null) return new StorageReference(key, type, 0, length);

    const [, start, viewLength] = Array.isArray(view) ? (view as unknown[]) : [];
    if (!isCount(start) || !isCount(viewLength) || start + viewLength > length) {
      throw new Error(
        `a view of storage ${printable(key)} does not lie within its ${length} elements`,
      );
    }
    return new StorageReference(key, type, start, viewLength);
  };

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
