/** The tiny data set again, published in archives: a tar.gz of its files, and a zip of their `.gz`. */

import { createHash } from "node:crypto";
import { crc32, gzipSync } from "node:zlib";
import type { DatasetArchive, DatasetEntry } from "../../src/data/catalog/dataset-entry.js";
import { compressed, entry, files } from "./tiny-dataset.js";

/** A tar.gz of `members`, with a folder and another file besides, as POSIX has it. */
export function tarOf(members: ReadonlyMap<string, Uint8Array>): Buffer {
  const all = new Map([["tiny-files/read.me", Buffer.from("hi")], ...members]);
  const blocks = [tarHeader("tiny-files/", 0, "5")];
  for (const [name, data] of all) {
    blocks.push(tarHeader(name, data.length, "0"), Buffer.from(data));
    blocks.push(Buffer.alloc(-data.length & 511));
  }
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

export function tarHeader(name: string, size: number, type: string): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`;
  header.write(name, 0);
  header.write(octal(0o644, 7), 100);
  header.write(octal(size, 11), 124);
  header.write("        ", 148);
  header.write(type, 156);
  header.write("ustar\u000000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(octal(sum, 6), 148);
  return header;
}

/** A zip of stored files, as APPNOTE.TXT has it: local headers and data, the directory, its end. */
export function zipOf(members: ReadonlyMap<string, Uint8Array>): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, data] of members) {
    const sizes = [data.length, data.length];
    const common = [[20, 2], [0, 2], [0, 2], [0, 4], [crc32(data), 4], ...sizes.map((n) => [n, 4])];
    const ends = [
      [name.length, 2],
      [0, 2],
    ];
    const local = Buffer.concat([
      fields([[0x04034b50, 4], ...common, ...ends]),
      Buffer.from(name),
      data,
    ]);
    const rest = [
      [0, 2],
      [0, 2],
      [0, 2],
      [0, 4],
      [offset, 4],
    ];
    directory.push(
      Buffer.concat([
        fields([[0x02014b50, 4], [20, 2], ...common, ...ends, ...rest]),
        Buffer.from(name),
      ]),
    );
    locals.push(local);
    offset += local.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const counts = [
    [0, 2],
    [0, 2],
    [members.size, 2],
    [members.size, 2],
  ];
  const end = fields([[0x06054b50, 4], ...counts, [size, 4], [offset, 4], [0, 2]]);
  return Buffer.concat([...locals, ...directory, end]);
}

/** Little-endian numbers, each with its bytes. */
function fields(numbers: readonly (readonly number[])[]): Buffer {
  return Buffer.concat(
    numbers.map(([value = 0, bytes = 0]) => {
      const field = Buffer.alloc(bytes);
      field.writeUIntLE(value, 0, bytes);
      return field;
    }),
  );
}

const inFolder = (
  members: ReadonlyMap<string, Uint8Array>,
  suffix: string,
): ReadonlyMap<string, Uint8Array> =>
  new Map([...members].map(([name, bytes]) => [`tiny-files/${name}${suffix}`, bytes]));

/** The archives' bytes, by name. */
export const archives: ReadonlyMap<string, Buffer> = new Map([
  ["tiny.tar.gz", tarOf(inFolder(files, ""))],
  ["tiny.zip", zipOf(inFolder(compressed, ".gz"))],
]);

/** The tiny data set as it would be published in an archive of these bytes. */
export function archivedEntry(name: string, bytes: Uint8Array, isShared = false): DatasetEntry {
  const archive: DatasetArchive = {
    name,
    digest: { algorithm: "md5", hex: createHash("md5").update(bytes).digest("hex") },
    folder: "tiny-files",
    suffix: name.endsWith(".zip") ? ".gz" : "",
    isShared,
  };
  const { debian, ...rest } = entry;
  void debian;
  return { ...rest, forms: [{ ...entry.forms[0]!, archive }] };
}
