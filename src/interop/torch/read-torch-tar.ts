import type { Budget } from "../../pickle/pickle-reader.js";
import { OpaqueObject } from "../../pickle/pickle-globals.js";
import { locateInTar, type TarPlace } from "../../tar/locate-tar.js";
import { printable } from "../../tensor/printable.js";
import type { ByteSource } from "../byte-source.js";
import { InteropError } from "../interop-error.js";
import { elementTypes } from "../safetensors-dtypes.js";
import { PickleSequence } from "./pickle-sequence.js";
import { type TorchFile, TorchTensor } from "./torch-tensor.js";
import { elementOf, maxStorages, StorageReference } from "./torch-globals.js";

const members = ["storages", "tensors", "pickle"] as const;

/** PyTorch wrote four files, each with an extended header. */
const maxEntries = 16;

/** Bytes of a storage's or a tensor's description. */
const smallRead = 512;

/** Bytes of the pickle of most models. */
const largeRead = 1 << 18;

/** The storages, their views and the tensors by key, as the pickle refers to them. */
type Objects = Map<string, StorageReference | TorchTensor | OpaqueObject>;

/**
 * Opens a file of PyTorch 0.1, as torchvision's first ResNets were: a tar archive of three files.
 *
 *     storages  their number; for each (key, device, class), 8 bytes of length and the numbers; views (key, root,
 * offset, length)
 *     tensors   their number; for each (key, storage, class), the number of axes in 4 of 8 bytes, sizes, strides and
 * offset in 8 each
 *     pickle    the saved object, which refers to tensors by key
 *
 * @throws {InteropError} `ERR_TORCH_FILE` if it is damaged
 * @throws {PickleError} as `unpickle`
 * @see `legacy_load` in torch/serialization.py
 */
export async function readTorchTar(source: ByteSource, budget: Budget): Promise<TorchFile> {
  const places = await locateMembers(source);
  const skipped = new Set<string>();
  const objects: Objects = new Map();
  const starts = new Map<string, number>();
  const open = (
    member: (typeof members)[number],
    firstRead: number,
    persistentLoad?: (identity: unknown) => unknown,
  ): PickleSequence => {
    const { start, bytes } = places.get(member)!;
    const options = { start, end: start + bytes, firstRead, budget, skipped };
    return new PickleSequence(source, {
      ...options,
      ...(persistentLoad && { persistentLoad }),
    });
  };
  await readStorages(open("storages", smallRead), objects, starts, source.file);
  await readTensors(open("tensors", smallRead), objects, source.file);
  const find = (identity: unknown): unknown => {
    if (Array.isArray(identity)) return identity[0]; // a module: (class, file, source)
    const object = objects.get(keyOf(identity));
    if (!object) throw new Error(`there is no tensor ${printable(keyOf(identity))}`);
    return object;
  };
  return { value: await open("pickle", largeRead, find).pickle(), skipped, starts };
}

async function locateMembers(source: ByteSource): Promise<ReadonlyMap<string, TarPlace>> {
  const wrong = (finding: string, cause?: unknown): InteropError =>
    new InteropError("ERR_TORCH_FILE", `${source.file}: ${finding}`, { cause });
  const read = (start: number, length: number): Promise<Uint8Array> => source.read(start, length);
  const places = await locateInTar(source.size, read, new Set(members), maxEntries).catch(
    (error: Error) => {
      throw wrong(`the tar archive is damaged: ${printable(error.message)}`, error);
    },
  );
  const missing = members.find((name) => !places.has(name));
  if (missing !== undefined) {
    const advice = "if the weights are a file in the archive, unpack it first";
    throw wrong(`the tar archive has no '${missing}', which PyTorch 0.1 wrote: ${advice}`);
  }
  return places;
}

async function readStorages(
  sequence: PickleSequence,
  objects: Objects,
  starts: Map<string, number>,
  file: string,
): Promise<void> {
  const wrong = wrongIn(file, "storages");
  for (let count = await readCount(sequence, wrong); count > 0; count--) {
    const [keyValue, , storageClass] = tuple(await sequence.pickle());
    const key = keyOf(keyValue);
    const element = elementOf(storageClass);
    if (!element) throw wrong(`storage ${printable(key)} is of a class that is not read`);
    if (objects.has(key)) throw wrong(`storage ${printable(key)} is there twice`);
    const length = Number((await sequence.bytes(8)).getBigInt64(0, true));
    starts.set(key, sequence.position);
    sequence.skip(length * element.elementBytes);
    objects.set(
      key,
      elementTypes.has(element.type)
        ? new StorageReference(key, element.type, 0, length)
        : new OpaqueObject(element.type),
    );
  }
  const views = await sequence.pickle();
  if (!Array.isArray(views) || views.length > maxStorages) throw wrong("it has no list of views");
  for (const view of views as unknown[]) {
    const [key, rootKey, offset, length] = tuple(view);
    const root = objects.get(keyOf(rootKey));
    if (root instanceof OpaqueObject) {
      objects.set(keyOf(key), root);
      continue;
    }
    const isWithin =
      root instanceof StorageReference &&
      isCount(offset) &&
      isCount(length) &&
      offset + length <= root.length;
    if (!isWithin) {
      throw wrong(`the view ${printable(keyOf(key))} does not lie within a storage`);
    }
    const { key: name, type, start } = root;
    objects.set(keyOf(key), new StorageReference(name, type, start + offset, length));
  }
}

async function readTensors(
  sequence: PickleSequence,
  objects: Objects,
  file: string,
): Promise<void> {
  const wrong = wrongIn(file, "tensors");
  for (let count = await readCount(sequence, wrong); count > 0; count--) {
    const [key, storageKey] = tuple(await sequence.pickle());
    const axes = (await sequence.bytes(8)).getInt32(0, true); // 4 of the 8 bytes have no meaning
    if (axes < 0 || axes > 8) throw wrong(`tensor ${printable(keyOf(key))} has ${axes} axes`);
    const view = await sequence.bytes(8 * (2 * axes + 1));
    const numbers = Array.from({ length: 2 * axes + 1 }, (_, i) =>
      Number(view.getBigInt64(8 * i, true)),
    );
    const storage = objects.get(keyOf(storageKey));
    if (storage instanceof OpaqueObject) {
      objects.set(keyOf(key), storage);
      continue;
    }
    if (!(storage instanceof StorageReference)) {
      throw wrong(`tensor ${printable(keyOf(key))} has no storage`);
    }
    const [shape, strides] = [numbers.slice(0, axes), numbers.slice(axes, 2 * axes)];
    try {
      objects.set(keyOf(key), TorchTensor.of(storage, numbers[2 * axes], shape, strides));
    } catch (error) {
      throw wrong(`tensor ${printable(keyOf(key))}: ${(error as Error).message}`);
    }
  }
}

type Wrong = (finding: string) => InteropError;

const wrongIn =
  (file: string, member: string): Wrong =>
  (finding) =>
    new InteropError("ERR_TORCH_FILE", `${file}: ${member}: ${finding}`);

async function readCount(sequence: PickleSequence, wrong: Wrong): Promise<number> {
  const count = await sequence.pickle();
  if (!isCount(count)) throw wrong("it does not begin with a number");
  if (count > maxStorages) throw wrong(`it has ${count} entries; the limit is ${maxStorages}`);
  return count;
}

const tuple = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as unknown[]) : [];

/** Keys are numbers, or their text in protocol 0. All other values become one key, which only one storage can have. */
const keyOf = (value: unknown): string =>
  typeof value === "number" || typeof value === "bigint" || typeof value === "string"
    ? `${value}`
    : "none";

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
