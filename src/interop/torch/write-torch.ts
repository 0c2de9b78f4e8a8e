import { Zip, ZipPassThrough } from "fflate";
import { PickleWriter } from "../../pickle/pickle-writer.js";
import { sizeOf, type Shape } from "../../tensor/shape.js";
import { checkFileSize, joinChunks } from "../byte-source.js";
import { InteropError } from "../interop-error.js";
import type { StoredArray } from "../stored-array.js";
import { sourceOf, type ArraySource } from "../write-safetensors.js";

/** PyTorch's classes of storages, by dtype, and the bytes of an element. */
const storageClasses: Readonly<
  Partial<Record<StoredArray["dtype"], { readonly name: string; readonly bytes: number }>>
> = {
  f32: { name: "FloatStorage", bytes: 4 },
  i64: { name: "LongStorage", bytes: 8 },
  i32: { name: "IntStorage", bytes: 4 },
  u8: { name: "ByteStorage", bytes: 1 },
  i8: { name: "CharStorage", bytes: 1 },
};

/** Alignment of storages, so that they can be mapped into memory. */
const alignment = 64;

/** Bytes of a zip entry's header without its name, of an extra field's header, and of the descriptor after the data. */
const headerBytes = 30;
const extraHeaderBytes = 4;
const descriptorBytes = 16;

/** PyTorch's mark of padding within a header. */
const paddingField = 0x4246;

/** The earliest time of a zip archive, so that the same tensors give the same bytes. */
const epoch = new Date(1980, 0, 1);

/** Sizes and offsets have 32 bits: fflate does not write the 64-bit extension of zip archives. */
const limit = { format: "the zip archive of a PyTorch file", most: 2 ** 32 - 1 };

/**
 * Writes a state_dict as a zip archive like that of `torch.save`: `torch.load(file, weights_only=True)` reads it.
 *
 * @param tensors in the order of the dict
 * @throws {InteropError} `ERR_TORCH_WRITE` if a tensor's dtype has no storage there; `ERR_FILE_SIZE` for 4 GiB or more
 */
export const writeTorch = async (tensors: ReadonlyMap<string, StoredArray>): Promise<Uint8Array> =>
  joinChunks(torchChunks(sourceOf(tensors)));

/** An entry of the archive. */
interface Entry {
  readonly name: string;
  /** Bytes of its contents. */
  readonly length: number;
  readonly contents: () => Promise<Uint8Array>;
}

/** The bytes of `writeTorch` piece by piece; each tensor is read when it is written. Throws before the first piece. */
export function torchChunks(source: ArraySource): AsyncIterable<Uint8Array> {
  const pickle = pickleOf(source.specs);
  const text = (name: string, contents: string): Entry => {
    const bytes = new TextEncoder().encode(contents);
    return { name, length: bytes.length, contents: async () => bytes };
  };
  const storages = [...source.specs].map(([name, { shape, dtype }], key) => ({
    name: `data/${key}`,
    length: sizeOf(shape) * storageClasses[dtype]!.bytes,
    async contents() {
      const { buffer, byteOffset, byteLength } = (await source.read(name)).data;
      return new Uint8Array(buffer, byteOffset, byteLength);
    },
  }));
  const entries = [
    { name: "data.pkl", length: pickle.length, contents: async () => pickle },
    text("byteorder", "little"),
    ...storages,
    text("version", "3\n"),
  ];
  let end = 0;
  const placed = entries.map((entry) => {
    const name = `archive/${entry.name}`;
    const start = end + headerBytes + name.length + extraHeaderBytes;
    const padding = (alignment - (start % alignment)) % alignment;
    end = start + padding + entry.length + descriptorBytes;
    return { ...entry, name, padding };
  });
  checkFileSize(end, limit);
  return zipped(placed);
}

async function* zipped(
  entries: readonly (Entry & { readonly padding: number })[],
): AsyncGenerator<Uint8Array, void> {
  const chunks: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    chunks.push(chunk);
  });
  for (const { name, padding, contents } of entries) {
    const file = new ZipPassThrough(name);
    Object.assign(file, { mtime: epoch, extra: { [paddingField]: new Uint8Array(padding) } });
    zip.add(file);
    file.push(await contents(), true);
    yield* chunks.splice(0);
  }
  zip.end();
  yield* chunks;
}

/** `{name: torch._utils._rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict()), …}` */
function pickleOf(tensors: ArraySource["specs"]): Uint8Array {
  const pickle = new PickleWriter().op("}").op("(");
  let key = 0;
  for (const [name, { shape, dtype }] of tensors) {
    const storage = storageClasses[dtype];
    if (!storage) {
      throw new InteropError("ERR_TORCH_WRITE", `${name} is ${dtype}, which is not written`);
    }
    pickle.text(name).global("torch._utils", "_rebuild_tensor_v2").op("(");
    pickle.op("(").text("storage").global("torch", storage.name).text(String(key++)).text("cpu");
    pickle.integer(sizeOf(shape)).op("t").op("Q"); // BINPERSID: the storage
    pickle.integer(0).integers(shape).integers(stridesOf(shape)).no();
    pickle.global("collections", "OrderedDict").op(")").op("R"); // no hooks
    pickle.op("t").op("R");
  }
  return pickle.op("u").end();
}

/** Elements between neighbours along each axis. */
const stridesOf = (shape: Shape): readonly number[] =>
  shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
