import { Budget } from "../../pickle/pickle-reader.js";
import { printable, printableList } from "../../tensor/printable.js";
import { sizeOf } from "../../tensor/shape.js";
import { type ByteSource, bytesSource } from "../byte-source.js";
import { headBytes, torchContainer } from "../file-kind.js";
import { InteropError } from "../interop-error.js";
import { readElements } from "../safetensors-dtypes.js";
import type { StoredArray, Weights } from "../stored-array.js";
import { type TorchFile, type TorchTensor, gather } from "./torch-tensor.js";
import { readTorchTar } from "./read-torch-tar.js";
import { readTorchLegacy } from "./read-torch-legacy.js";
import { readTorchZip } from "./read-torch-zip.js";
import { findStateDict } from "./state-dict.js";

export interface ReadTorchOptions {
  /** Called with a sentence if objects of the file were skipped, or if it has several sets of weights. */
  readonly onNotice?: ((notice: string) => void) | undefined;
  /** The weights to read: the keys that lead to them, such as `state_dict_ema`, or the prefix of their names. */
  readonly state?: string | undefined;
  /** Limit of the cost of reading the file's pickles. Default: the file's size and 32 MiB. */
  readonly budget?: Budget;
}

/**
 * Reads the tensors of a state_dict in a file of `torch.save`, in any of its formats. No code of the file is run:
 * objects of unknown classes are skipped.
 *
 * f32, i32, i64, u8, i8 and bool keep their type; f64, f16 and bf16 become f32, i16 becomes i32. Each tensor is read
 * into new memory; names of the same tensor, such as tied weights, share it.
 *
 *     const weights = await readTorch(new Uint8Array(await response.arrayBuffer()));
 *
 * @param file the bytes of the file, or a source of them
 * @throws {InteropError} `ERR_TORCH_FILE`; `ERR_TORCH_LIMIT` if the tensors take more than twice the file
 * @throws {PickleError} as `unpickle`
 */
export async function readTorch(
  file: Uint8Array | ByteSource,
  options: ReadTorchOptions = {},
): Promise<Weights> {
  const source = file instanceof Uint8Array ? bytesSource(file, "the PyTorch file") : file;
  const { onNotice, state, budget = Budget.forFile(source.size) } = options;
  const head = await source.read(0, Math.min(headBytes, source.size));
  const readers = { zip: readTorchZip, pickle: readTorchLegacy, tar: readTorchTar };
  const torchFile = await readers[torchContainer(head) ?? "pickle"](source, budget);
  const { tensors: dict, path, others } = findStateDict(torchFile.value, source.file, state);
  if (state === undefined && others.length > 0) {
    onNotice?.(
      `${source.file}: the weights under ${placeOf(path)} are taken; others are under ${printableList(others.map(placeOf))}: ` +
        "resnet import --state NAME chooses",
    );
  }
  if (torchFile.skipped.size > 0) {
    const classes = printableList([...torchFile.skipped]);
    onNotice?.(
      `${source.file}: it also holds objects of ${classes}, which are not understood: they were skipped, and none of their code was run`,
    );
  }
  const distinct = new Map([...dict.values()].map((tensor) => [tensor.identity, tensor]));
  checkSize([...distinct.values()], source);
  const arrays = new Map<string, StoredArray>();
  for (const [identity, tensor] of distinct) {
    arrays.set(identity, await readTensor(source, torchFile, tensor));
  }
  return new Map([...dict].map(([name, { identity }]) => [name, arrays.get(identity)!]));
}

const placeOf = (path: string): string => (path === "" ? "no key" : printable(path));

/** Limit of the bytes that are read, as a multiple of the file's size, for tensors scattered in their storages. */
const maxReads = 8;

/**
 * Checks that the tensors take at most twice the file's size on the host, as half-precision numbers do. Without this
 * limit, tensors that repeat or share elements could have any size.
 */
function checkSize(tensors: readonly TorchTensor[], { file, size }: ByteSource): void {
  const sum = (bytesOf: (tensor: TorchTensor) => number): number =>
    tensors.reduce((total, tensor) => total + bytesOf(tensor), 0);
  const kept = sum(({ hostBytes }) => hostBytes);
  const read = sum(({ span, type }) => span * type.bytes);
  if (kept > 2 * size || read > maxReads * size) {
    throw new InteropError(
      "ERR_TORCH_LIMIT",
      `${file}: its tensors show the same numbers too often: they take ${Math.max(kept, read)} bytes of a file of ${size}`,
    );
  }
}

async function readTensor(
  source: ByteSource,
  { starts }: TorchFile,
  tensor: TorchTensor,
): Promise<StoredArray> {
  const { storage, offset, shape, type } = tensor;
  const start = starts.get(storage.key)! + (storage.start + offset) * type.bytes;
  const read = (from: number, bytes: number): Promise<Uint8Array> =>
    source.read(start + from, bytes);
  const data = tensor.contiguous
    ? await readElements(type, sizeOf(shape), read)
    : await gather(tensor, read);
  return { shape, dtype: type.dtype, data } as StoredArray;
}
