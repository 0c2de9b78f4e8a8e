import { blockBytes, parseTarHeader, storedBytes } from "./tar-header.js";

/** Where the contents of a file lie in an archive. */
export interface TarPlace {
  readonly start: number;
  readonly bytes: number;
}

/**
 * Finds files of an archive by name, without reading their contents.
 *
 * @param size of the archive, in bytes
 * @param read gives `length` bytes of the archive from `start`
 * @param names of the files, each once in the archive
 * @param maxEntries how many entries are looked at
 * @returns the places of the files that were found
 * @throws {Error} if the archive is damaged or cut short, with one clause of text
 */
export async function locateInTar(
  size: number,
  read: (start: number, length: number) => Promise<Uint8Array>,
  names: ReadonlySet<string>,
  maxEntries: number,
): Promise<ReadonlyMap<string, TarPlace>> {
  const places = new Map<string, TarPlace>();
  let position = 0;
  for (let entries = 0; places.size < names.size && entries < maxEntries; entries++) {
    if (position + blockBytes > size) throw new Error("it ends too early");
    const header = parseTarHeader(await read(position, blockBytes));
    if (!header) break;
    const start = position + blockBytes;
    if (start + header.size > size) throw new Error("it ends too early");
    if (header.isFile && names.has(header.name)) {
      if (places.has(header.name)) throw new Error(`${header.name} is there twice`);
      places.set(header.name, { start, bytes: header.size });
    }
    position = start + storedBytes(header.size);
  }
  return places;
}
