import { Zip, ZipPassThrough } from "fflate";
import { PickleWriter } from "../../pickle/pickle-writer.js";
import type { Shape } from "../../tensor/shape.js";
import { InteropError } from "../interop-error.js";
import { joinChunks } from "../join-chunks.js";
import type { StoredArray } from "../stored-array.js";

/** PyTorch's classes of storages, by dtype. */
const storageClasses: Readonly<Partial<Record<StoredArray["dtype"], string>>> = {
  f32: "FloatStorage",
  i64: "LongStorage",
  i32: "IntStorage",
  u8: "ByteStorage",
  i8: "CharStorage",
};

/** Where storages begin: at multiples of this, so that they can be mapped into memory. */
const alignment = 64;

/** A zip entry's header before its name, that of an extra field before its contents, and what follows the entry. */
const headerBytes = 30;
const extraHeaderBytes = 4;
const descriptorBytes = 16;

/** PyTorch's mark of padding within a header. */
const paddingField = 0x4246;

/** Earliest time that a zip archive can state: the same tensors give the same bytes. */
const epoch = new Date(1980, 0, 1);

/**
 * A state_dict as the zip archive that `torch.save` writes: `torch.load(file, weights_only=True)` reads it.
 *
 * @param tensors in the order of the dict
 * @throws {InteropError} `ERR_TORCH_WRITE` if a tensor's dtype has no storage there
 */
export const writeTorch = (tensors: ReadonlyMap<string, StoredArray>): Uint8Array =>
  joinChunks(torchChunks(tensors));

/** The same bytes piece by piece, those of the tensors in their own memory. */
export function* torchChunks(
  tensors: ReadonlyMap<string, StoredArray>,
): Generator<Uint8Array, void> {
  const text = (contents: string): Uint8Array => new TextEncoder().encode(contents);
  const records: (readonly [name: string, bytes: Uint8Array])[] = [
    ["data.pkl", pickleOf(tensors)],
    ["byteorder", text("little")],
    ...[...tensors.values()].map(
      ({ data }, key) =>
        [`data/${key}`, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)] as const,
    ),
    ["version", text("3\n")],
  ];
  const chunks: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    chunks.push(chunk);
  });
  let offset = 0;
  for (const [record, bytes] of records) {
    const name = `archive/${record}`;
    const start = offset + headerBytes + name.length + extraHeaderBytes;
    const padding = (alignment - (start % alignment)) % alignment;
    const entry = new ZipPassThrough(name);
    Object.assign(entry, { mtime: epoch, extra: { [paddingField]: new Uint8Array(padding) } });
    zip.add(entry);
    entry.push(bytes, true);
    offset = start + padding + bytes.length + descriptorBytes;
    yield* chunks.splice(0);
  }
  zip.end();
  yield* chunks;
}

/** `{name: torch._utils._rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict()), …}` */
function pickleOf(tensors: ReadonlyMap<string, StoredArray>): Uint8Array {
  const pickle = new PickleWriter().op("}").op("(");
  let key = 0;
  for (const [name, { shape, dtype, data }] of tensors) {
    const storage = storageClasses[dtype];
    if (!storage) {
      throw new InteropError("ERR_TORCH_WRITE", `${name} is ${dtype}, which is not written`);
    }
    pickle.text(name).global("torch._utils", "_rebuild_tensor_v2").op("(");
    pickle.op("(").text("storage").global("torch", storage).text(String(key++)).text("cpu");
    pickle.integer(data.length).op("t").op("Q"); // BINPERSID: the storage
    pickle.integer(0).integers(shape).integers(stridesOf(shape)).no();
    pickle.global("collections", "OrderedDict").op(")").op("R"); // no hooks
    pickle.op("t").op("R");
  }
  return pickle.op("u").end();
}

/** Elements between neighbours along each axis. */
const stridesOf = (shape: Shape): readonly number[] =>
  shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
