import { DataError } from "./data-error.js";
import type { ImageBytes, ImageSize } from "./transforms/image-bytes.js";

/**
 * The pixels of a Windows bitmap, in red, green and blue: the bytes of Pillow's `Image.open(file).convert("RGB")`.
 *
 * Reads 1, 4 and 8 bits with a palette, plain or in runs (RLE), 16 bits (5-5-5 and 5-6-5), 24 and 32 bits, from the
 * bottom up or from the top down, with the headers of Windows and of OS/2.
 *
 * @param check called with the size before the pixels are allocated; throws if it is too large
 * @throws {DataError} `ERR_DATA_FORMAT` if the file is truncated or of an unsupported kind
 */
export function decodeBmp(bytes: Uint8Array, check: (size: ImageSize) => void): ImageBytes {
  const header = readHeader(new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
  check(header);
  const { height, width, bits, compression, isTopDown } = header;
  const rows = compression.startsWith("rle") ? indicesOfRuns(bytes, header) : rowsOf(bytes, header);
  const writeRow = rowWriter(bytes, header);
  const data = new Uint8Array(height * width * 3);
  const bitsOfRow = compression.startsWith("rle") ? 8 : bits;
  const stride = compression.startsWith("rle") ? width : strideOf(width, bits);
  for (let y = 0; y < height; y++) {
    const row = rows.subarray(y * stride, y * stride + Math.ceil((width * bitsOfRow) / 8));
    const target = (isTopDown ? y : height - 1 - y) * width * 3;
    writeRow(row, data.subarray(target, target + width * 3), bitsOfRow);
  }
  return { height, width, channels: 3, data };
}

type Compression = "none" | "rle8" | "rle4" | "masks";

interface BmpHeader extends ImageSize {
  readonly bits: number;
  readonly compression: Compression;
  /** The bits of red, green and blue in a pixel of 16 or 32 bits. */
  readonly masks: readonly [red: number, green: number, blue: number];
  readonly isTopDown: boolean;
  readonly palette: { readonly at: number; readonly entryBytes: number; readonly colours: number };
  /** Where the pixels begin. */
  readonly pixels: number;
}

const fileHeaderBytes = 14;
const headerSizes = [12, 40, 52, 56, 64, 108, 124];
const compressions: readonly Compression[] = ["none", "rle8", "rle4", "masks"];

const finding = (message: string): DataError => new DataError("ERR_DATA_FORMAT", message);

function readHeader(file: DataView): BmpHeader {
  const headerBytes = file.byteLength >= 18 ? file.getUint32(fileHeaderBytes, true) : 0;
  if (file.byteLength < fileHeaderBytes + Math.max(headerBytes, 12))
    throw finding("it is a bitmap that is cut off in its header");
  if (!headerSizes.includes(headerBytes))
    throw finding(`it is a bitmap whose header has ${headerBytes} bytes, which is not supported`);
  const isOs2 = headerBytes === 12;
  const at = fileHeaderBytes + 4;
  const signedHeight = isOs2 ? file.getUint16(at + 2, true) : file.getInt32(at + 4, true);
  const width = isOs2 ? file.getUint16(at, true) : file.getInt32(at, true);
  const bits = file.getUint16(at + (isOs2 ? 6 : 10), true);
  const compression = isOs2 ? "none" : compressions[file.getUint32(at + 12, true)];
  const height = Math.abs(signedHeight);
  if (width < 1 || height < 1) throw finding(`it is a bitmap of ${height} x ${width} pixels`);
  if (compression === undefined || !fits(compression, bits))
    throw finding(`it is a bitmap of ${bits} bits a pixel with an unsupported compression`);
  const hasMasksBehind = compression === "masks" && headerBytes === 40;
  const paletteAt = fileHeaderBytes + headerBytes + (hasMasksBehind ? 12 : 0);
  if (file.byteLength < paletteAt) throw finding("it is a bitmap that is cut off in its header");
  const masksAt = fileHeaderBytes + 40;
  const masks: BmpHeader["masks"] =
    compression === "masks"
      ? [
          file.getUint32(masksAt, true),
          file.getUint32(masksAt + 4, true),
          file.getUint32(masksAt + 8, true),
        ]
      : [0, 0, 0];
  const colours = (isOs2 ? 0 : file.getUint32(at + 28, true)) || 2 ** Math.min(bits, 8);
  const palette = { at: paletteAt, entryBytes: isOs2 ? 3 : 4, colours: Math.min(colours, 256) };
  const behindPalette = paletteAt + (bits <= 8 ? palette.entryBytes * colours : 0);
  const stated = file.getUint32(10, true);
  const pixels = stated > fileHeaderBytes + headerBytes ? stated : behindPalette;
  return { height, width, bits, compression, masks, isTopDown: signedHeight < 0, palette, pixels };
}

function fits(compression: Compression, bits: number): boolean {
  if (compression === "rle8") return bits === 8;
  if (compression === "rle4") return bits === 4;
  return (compression === "masks" ? [16, 24, 32] : [1, 4, 8, 16, 24, 32]).includes(bits);
}

/** Rows are filled up to whole words of 32 bits. */
const strideOf = (width: number, bits: number): number => Math.ceil((width * bits) / 32) * 4;

function rowsOf(bytes: Uint8Array, { height, width, bits, pixels }: BmpHeader): Uint8Array {
  const needed = (height - 1) * strideOf(width, bits) + Math.ceil((width * bits) / 8);
  const rows = bytes.subarray(pixels);
  if (rows.length >= needed) return rows;
  throw finding(`it is truncated: its pixels take ${needed} bytes, but ${rows.length} are there`);
}

function indicesOfRuns(bytes: Uint8Array, header: BmpHeader): Uint8Array {
  const { height, width, bits, pixels } = header;
  const indices = decodeBmpRuns(bytes.subarray(pixels), { height, width }, bits === 4);
  if (indices) return indices;
  throw finding("it is truncated: its runs of pixels do not fill the picture");
}

/** Writes a row of the file to red, green and blue. `bits` of a pixel are those of the row, 8 for unpacked runs. */
type WriteRow = (row: Uint8Array, target: Uint8Array, bits: number) => void;

function rowWriter(bytes: Uint8Array, header: BmpHeader): WriteRow {
  if (header.bits <= 8) return writeColours(paletteOf(bytes, header));
  if (header.bits === 16) return writeWords(header);
  const masks = header.bits === 32 && header.masks.some((mask) => mask !== 0);
  const [red, green, blue] = masks ? header.masks.map(byteOfMask) : [2, 1, 0];
  return writeBytes(header.bits / 8, [red!, green!, blue!]);
}

function paletteOf(bytes: Uint8Array, { palette }: BmpHeader): Uint8Array {
  const { at, entryBytes, colours } = palette;
  const table = new Uint8Array(256 * 3);
  for (let i = 0; i < colours; i++) {
    const entry = at + i * entryBytes;
    for (let c = 0; c < 3; c++) table[i * 3 + c] = bytes[entry + 2 - c] ?? 0;
  }
  return table;
}

const writeColours =
  (palette: Uint8Array): WriteRow =>
  (row, target, bits) => {
    const mask = 2 ** bits - 1;
    for (let x = 0, to = 0; to < target.length; x++) {
      const bit = x * bits;
      const colour = ((row[bit >> 3]! >> (8 - bits - (bit & 7))) & mask) * 3;
      target[to++] = palette[colour]!;
      target[to++] = palette[colour + 1]!;
      target[to++] = palette[colour + 2]!;
    }
  };

function writeWords({ compression, masks }: BmpHeader): WriteRow {
  const [red, green, blue] = compression === "masks" ? masks : [0x7c00, 0x3e0, 0x1f];
  const has565 = red === 0xf800 && green === 0x7e0;
  if (!(has565 || (red === 0x7c00 && green === 0x3e0)) || blue !== 0x1f)
    throw finding("it is a bitmap of 16 bits a pixel with unsupported color masks");
  const greenBits = has565 ? 6 : 5;
  const maxGreen = 2 ** greenBits - 1;
  return (row, target) => {
    for (let x = 0, to = 0; to < target.length; x += 2) {
      const word = row[x]! | (row[x + 1]! << 8);
      target[to++] = Math.trunc((((word >> (5 + greenBits)) & 31) * 255) / 31);
      target[to++] = Math.trunc((((word >> 5) & maxGreen) * 255) / maxGreen);
      target[to++] = Math.trunc(((word & 31) * 255) / 31);
    }
  };
}

/** The byte of a pixel that a mask selects. */
function byteOfMask(mask: number): number {
  const place = [0xff, 0xff00, 0xff0000, 0xff000000].indexOf(mask);
  if (place >= 0) return place;
  throw finding("it is a bitmap of 32 bits a pixel whose colours are not whole bytes");
}

const writeBytes =
  (step: number, [red, green, blue]: readonly [number, number, number]): WriteRow =>
  (row, target) => {
    for (let x = 0, to = 0; to < target.length; x += step) {
      target[to++] = row[x + red]!;
      target[to++] = row[x + green]!;
      target[to++] = row[x + blue]!;
    }
  };

/**
 * The palette indices of a bitmap's runs (RLE8 or RLE4), one byte a pixel, rows in the file's order; null if the runs
 * end before the picture is full, where Pillow refuses the file too.
 *
 * Source: Microsoft's "Bitmap Compression", and Pillow's `BmpRleDecoder`.
 */
function decodeBmpRuns(
  runs: Uint8Array,
  { height, width }: ImageSize,
  hasFourBits: boolean,
): Uint8Array | null {
  const indices = new Uint8Array(height * width);
  let from = 0;
  let to = 0;
  let x = 0;
  while (to < indices.length && from + 1 < runs.length) {
    const count = runs[from++]!;
    const value = runs[from++]!;
    if (count > 0) {
      const end = Math.min(to + count, to + Math.max(0, width - x)); // a run ends with its row
      const [even, odd] = hasFourBits ? [value >> 4, value & 15] : [value, value];
      for (let i = 0; to < end; i++) indices[to++] = i % 2 === 0 ? even : odd;
      x += count;
    } else if (value === 0) {
      to = Math.ceil(to / width) * width; // the end of a row
      x = 0;
    } else if (value === 1) {
      break; // the end of the picture
    } else if (value === 2) {
      to += (runs[from] ?? 0) + (runs[from + 1] ?? 0) * width; // right and on to other rows
      from += 2;
      x = to % width;
    } else {
      for (let i = 0; i < value && to < indices.length; i++) {
        const byte = runs[from + (hasFourBits ? i >> 1 : i)];
        if (byte === undefined) return null;
        indices[to++] = hasFourBits ? (i % 2 === 0 ? byte >> 4 : byte & 15) : byte;
      }
      const bytes = hasFourBits ? Math.ceil(value / 2) : value;
      from += bytes + (bytes % 2);
      x += value;
    }
  }
  return to >= indices.length ? indices : null;
}
