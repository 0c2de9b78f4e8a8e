import { numpyGlobals } from "../../pickle/numpy.js";
import { PickleDict, asText } from "../../pickle/pickle-dict.js";
import {
  type Charge,
  OpaqueObject,
  PickleGlobal,
  type PickleGlobals,
  opaque,
} from "../../pickle/pickle-globals.js";
import type { PersistentLoad } from "../../pickle/unpickler.js";
import { printable } from "../../tensor/printable.js";
import { elementTypes } from "../safetensors-dtypes.js";
import { type TorchStorage, TorchTensor } from "./torch-tensor.js";

/** The element type of PyTorch's classes of storages, by its name in safetensors. */
export const storageTypes: Readonly<Record<string, string>> = {
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

/** Bytes of an element in storages that are not read. Their tensors are opaque. */
const unreadStorages: Readonly<Record<string, number>> = {
  ComplexFloatStorage: 8,
  ComplexDoubleStorage: 16,
  QInt8Storage: 1,
  QUInt8Storage: 1,
  QInt32Storage: 4,
  UntypedStorage: 1,
};

/** More than a model and three moments of an optimizer have. */
export const maxStorages = 16_384;

/** Longer than any key of PyTorch, which are numbers. */
const maxKeyLength = 256;

/** `OrderedDict(pairs)`, as Python 2 writes one with entries. */
function orderedDict([pairs = []]: readonly unknown[], charge: Charge): PickleDict {
  if (pairs instanceof PickleDict) return copyOf(pairs, charge);
  const dict = new PickleDict();
  if (!Array.isArray(pairs)) throw new Error("its entries are not pairs");
  for (const pair of pairs as unknown[]) {
    if (!Array.isArray(pair) || pair.length !== 2) throw new Error("its entries are not pairs");
    dict.set(pair[0], pair[1], charge);
  }
  return dict;
}

/** `Counter(dict)` */
function counter([counts]: readonly unknown[], charge: Charge): PickleDict {
  return counts instanceof PickleDict ? copyOf(counts, charge) : new PickleDict();
}

/** `defaultdict(factory)`: its entries come later. */
const defaultDict = (): PickleDict => new PickleDict();

function copyOf(dict: PickleDict, charge: Charge): PickleDict {
  const copy = new PickleDict();
  for (const [key, value] of dict) copy.set(key, value, charge);
  return copy;
}

/** `(storage, offset, shape, strides, …)`. The gradient flag and hooks are dropped. */
function rebuildTensor([storage, offset, shape, strides]: readonly unknown[]): unknown {
  if (storage instanceof OpaqueObject) return new OpaqueObject("torch.Tensor");
  if (!(storage instanceof StorageReference)) throw new Error("it has no storage");
  return TorchTensor.of(storage, offset, shape, strides);
}

/** `(tensor, …)` */
function rebuildParameter([tensor]: readonly unknown[]): unknown {
  if (tensor instanceof TorchTensor || tensor instanceof OpaqueObject) return tensor;
  throw new Error("it has no tensor");
}

/** `(function, type, arguments, state)`: a tensor with attributes, which are dropped. */
function rebuildFromType([rebuild, , args]: readonly unknown[], charge: Charge): unknown {
  if (!(rebuild instanceof PickleGlobal) || !rebuild.construct || !Array.isArray(args)) {
    throw new Error("it has no function that rebuilds it");
  }
  if (rebuild.construct === rebuildFromType) throw new Error("it rebuilds itself");
  return rebuild.construct(args, charge);
}

const dtypes =
  "float64 double float32 float float16 half bfloat16 complex32 complex64 complex128 int64 long int32 int int16 short " +
  "int8 uint8 uint16 uint32 uint64 bool quint8 qint8 qint32 quint4x2 quint2x4 float8_e4m3fn float8_e5m2 " +
  "per_tensor_affine per_tensor_symmetric per_channel_affine per_channel_symmetric";

const builtins =
  "object bool int long float complex str unicode tuple list dict set frozenset bytearray slice range".split(
    " ",
  );

/** Harmless classes and functions of `torch.load(weights_only=True)` and of NumPy. No weights consist of them. */
const withoutWeights: readonly string[] = [
  ...numpyGlobals.keys(),
  ...dtypes.split(" ").map((name) => `torch.${name}`),
  "torch.device",
  "torch.serialization._get_layout",
  ...["builtins", "__builtin__"].flatMap((module) => builtins.map((name) => `${module}.${name}`)),
  ...["copyreg", "copy_reg"].map((module) => `${module}._reconstructor`),
];

/** The allowed classes and functions in files of `torch.save`. */
export const torchGlobals: PickleGlobals = new Map([
  ...withoutWeights.map((name) => [name, opaque(name)] as const),
  ["collections.OrderedDict", orderedDict],
  ["collections.Counter", counter],
  ["collections.defaultdict", defaultDict],
  ["torch.Tensor", null],
  ["torch.Size", ([sizes]: readonly unknown[]) => sizes],
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_parameter", rebuildParameter],
  ["torch._utils._rebuild_parameter_with_state", rebuildParameter],
  ["torch._tensor._rebuild_from_type_v2", rebuildFromType],
  ["torch.nn.parameter.Parameter", rebuildParameter],
  ["torch.autograd.variable.Variable", rebuildParameter],
  ...Object.keys(storageTypes).flatMap((name) => [
    [`torch.${name}`, null] as const,
    [`torch.cuda.${name}`, null] as const,
  ]),
]);

/** A storage as a value of the pickle. */
export class StorageReference implements TorchStorage {
  constructor(
    readonly key: string,
    readonly type: string,
    readonly start: number,
    readonly length: number,
  ) {}
}

/** A pickle's description of a storage outside of it. */
export interface StorageClaim {
  /** Element type by its name in safetensors, or PyTorch's class if the storage is not read. */
  readonly type: string;
  /** Bytes of an element. */
  readonly elementBytes: number;
  /** Elements. */
  readonly length: number;
}

/** The element type and size of a storage's class; null if the class is unknown. */
export function elementOf(
  storageClass: unknown,
): Pick<StorageClaim, "type" | "elementBytes"> | null {
  const name = storageClass instanceof PickleGlobal ? storageClass.name.split(".").at(-1)! : "";
  if (Object.hasOwn(storageTypes, name)) {
    const type = storageTypes[name]!;
    return { type, elementBytes: elementTypes.get(type)!.bytes };
  }
  return Object.hasOwn(unreadStorages, name)
    ? { type: name, elementBytes: unreadStorages[name]! }
    : null;
}

/**
 * Reads references to storages: `("storage", class, key, device, length)`, and in older files also null or a view
 * `(key, offset, length)`. A reference to a module, `("module", class, file, source)`, gives its class.
 *
 * @param claims gets an entry for each storage, under its key
 */
export const storageLoader =
  (claims: Map<string, StorageClaim>): PersistentLoad =>
  (identity, charge) => {
    const kind = Array.isArray(identity) ? asText(identity[0], charge) : null;
    if (kind === "module") return (identity as unknown[])[1];
    if (kind !== "storage") throw new Error("it refers to an object that is not a storage");
    const [, storageClass, keyValue, , length, view = null] = identity as unknown[];
    const key = typeof keyValue === "number" ? String(keyValue) : asText(keyValue, charge);
    const element = elementOf(storageClass);
    if (!element || key === null || key.length > maxKeyLength || !isCount(length)) {
      throw new Error("the reference to a storage is damaged");
    }
    const { type } = element;
    const claim = claims.get(key) ?? { ...element, length };
    if (claim.type !== type || claim.length !== length) {
      throw new Error(
        `storage ${printable(key)} has two types or lengths: ${claim.type} [${claim.length}] and ${type} [${length}]`,
      );
    }
    claims.set(key, claim);
    if (claims.size > maxStorages) throw new Error(`it has more than ${maxStorages} storages`);
    if (!elementTypes.has(type)) return new OpaqueObject(type);
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
