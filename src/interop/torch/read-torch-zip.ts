import type { Budget } from "../../pickle/pickle-reader.js";
import { unpickle } from "../../pickle/unpickle.js";
import { printable } from "../../tensor/printable.js";
import type { ByteSource } from "../byte-source.js";
import { InteropError } from "../interop-error.js";
import { storageLoader, torchGlobals, type StorageClaim } from "./torch-globals.js";
import type { TorchFile } from "./torch-tensor.js";
import { ZipArchive } from "./zip-archive.js";

/** Limits of two entries that are read whole: `little` or `big`, and a pickle that takes 1 MB in a huge model. */
const [mostByteOrderBytes, mostPickleBytes] = [16, 2 ** 28];

/**
 * Opens a file of `torch.save` since PyTorch 1.6: a zip archive with `NAME/data.pkl` and a file `NAME/data/KEY` for
 * each storage, all uncompressed.
 *
 * @throws {InteropError} `ERR_TORCH_FILE` if the archive is damaged or compressed, or has other contents
 * @throws {PickleError} as `unpickle`
 */
export async function readTorchZip(source: ByteSource, budget: Budget): Promise<TorchFile> {
  const { file } = source;
  const archive = await ZipArchive.open(source);
  const pickle = [...archive.names].find((name) => /^([^/]+\/)?data\.pkl$/.test(name));
  if (pickle === undefined) {
    throw new InteropError(
      "ERR_TORCH_FILE",
      `${file}: the zip archive has no data.pkl, which torch.save writes: another program wrote it`,
    );
  }
  const folder = pickle.slice(0, -"data.pkl".length);
  await checkByteOrder(archive, `${folder}byteorder`, file);

  const claims = new Map<string, StorageClaim>();
  const skipped = new Set<string>();
  const { value } = unpickle(await archive.read(pickle, mostPickleBytes), {
    globals: torchGlobals,
    persistentLoad: storageLoader(claims),
    skipped,
    budget,
    file: `${file}: ${printable(pickle)}`,
  });
  return { value, skipped, starts: await locateStorages(archive, folder, claims, file) };
}

async function locateStorages(
  archive: ZipArchive,
  folder: string,
  claims: ReadonlyMap<string, StorageClaim>,
  file: string,
): Promise<ReadonlyMap<string, number>> {
  const wrong = (finding: string): InteropError =>
    new InteropError("ERR_TORCH_FILE", `${file}: ${finding}`);
  const places: { readonly name: string; readonly start: number; readonly end: number }[] = [];
  const starts = new Map<string, number>();
  for (const [key, { type, elementBytes, length }] of claims) {
    const name = `${folder}data/${key}`;
    const { start, bytes } = await archive.locate(name);
    const expected = length * elementBytes;
    if (bytes !== expected) {
      throw wrong(
        `${printable(name)} has ${bytes} bytes but takes ${expected} (${length} ${type})`,
      );
    }
    starts.set(key, start);
    if (bytes > 0) places.push({ name, start, end: start + bytes });
  }
  places.sort((a, b) => a.start - b.start);
  const shared = places.findIndex(({ end }, i) => end > (places[i + 1]?.start ?? end));
  if (shared >= 0) {
    const [first, second] = places.slice(shared).map(({ name }) => printable(name));
    throw wrong(`${first} and ${second} share bytes`);
  }
  return starts;
}

async function checkByteOrder(archive: ZipArchive, name: string, file: string): Promise<void> {
  if (!archive.names.has(name)) return; // before PyTorch 2.1: the byte order of the machine, almost always little-endian
  const order = new TextDecoder().decode(await archive.read(name, mostByteOrderBytes));
  if (order !== "little") {
    throw new InteropError(
      "ERR_TORCH_FILE",
      `${file}: its numbers are not little-endian; save it again on an ordinary machine`,
    );
  }
}
