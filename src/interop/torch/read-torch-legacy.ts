import type { Budget } from "../../pickle/pickle-reader.js";
import { PickleDict } from "../../pickle/pickle-dict.js";
import { printable } from "../../tensor/printable.js";
import type { ByteSource } from "../byte-source.js";
import { InteropError } from "../interop-error.js";
import { PickleSequence } from "./pickle-sequence.js";
import type { TorchFile } from "./torch-tensor.js";
import { storageLoader, type StorageClaim } from "./torch-globals.js";

/** The magic number, the first pickle of these files. */
const magic = 0x1950a86a20f9469cfc6cn;
const protocol = 1001;

/** Bytes to read at first; most pickles are much shorter. */
const firstRead = 1 << 16;

/**
 * Opens a file of `torch.save` before PyTorch 1.6, or with its old format: pickles of a magic number, the protocol,
 * sizes on the writing machine, the object and the storages' keys; then for each storage 8 bytes of length and its
 * numbers.
 *
 * @throws {InteropError} `ERR_TORCH_FILE` if it is damaged
 * @throws {PickleError} as `unpickle`
 */
export async function readTorchLegacy(source: ByteSource, budget: Budget): Promise<TorchFile> {
  const { file, size } = source;
  const wrong = (finding: string): InteropError =>
    new InteropError("ERR_TORCH_FILE", `${file}: ${finding}`);
  const claims = new Map<string, StorageClaim>();
  const skipped = new Set<string>();
  const sequence = new PickleSequence(source, {
    start: 0,
    end: size,
    firstRead,
    persistentLoad: storageLoader(claims),
    budget,
    skipped,
  });
  if ((await sequence.pickle()) !== magic) {
    throw wrong("it is a pickle, but not one that torch.save wrote");
  }
  if ((await sequence.pickle()) !== protocol) throw wrong(`its protocol is not ${protocol}`);
  const machine = await sequence.pickle();
  if (machine instanceof PickleDict && machine.get("little_endian") === false) {
    throw wrong("its numbers are not little-endian; save it again on an ordinary machine");
  }
  const value = await sequence.pickle();
  const keys = await sequence.pickle();
  if (!Array.isArray(keys)) throw wrong("it has no list of storages");
  const starts = await locateStorages(source, sequence.position, keys, claims);
  return { value, skipped, starts };
}

async function locateStorages(
  source: ByteSource,
  dataStart: number,
  keys: readonly unknown[],
  claims: ReadonlyMap<string, StorageClaim>,
): Promise<ReadonlyMap<string, number>> {
  const wrong = (finding: string): InteropError =>
    new InteropError("ERR_TORCH_FILE", `${source.file}: ${finding}`);
  const starts = new Map<string, number>();
  let position = dataStart;
  for (const each of keys) {
    const key = typeof each === "string" || typeof each === "number" ? String(each) : "";
    const claim = claims.get(key);
    if (!claim || starts.has(key)) throw wrong("its list of storages does not match the tensors");
    if (position + 8 > source.size)
      throw wrong(`it ends before the length of storage ${printable(key)}`);
    const length = new DataView((await source.read(position, 8)).buffer).getBigInt64(0, true);
    if (length !== BigInt(claim.length)) {
      throw wrong(
        `storage ${printable(key)} has ${length} elements where the tensors say ${claim.length}`,
      );
    }
    const bytes = claim.length * claim.elementBytes;
    if (position + 8 + bytes > source.size) {
      const left = source.size - position - 8;
      throw wrong(`storage ${printable(key)} takes ${bytes} bytes but the file has ${left} more`);
    }
    starts.set(key, position + 8);
    position += 8 + bytes;
  }
  const missing = [...claims.keys()].find((key) => !starts.has(key));
  if (missing !== undefined) throw wrong(`storage ${printable(missing)} is not in its list`);
  return starts;
}
