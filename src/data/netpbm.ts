import { DataError } from "./data-error.js";
import {
  type ImageBytes,
  type ImageShape,
  type ImageSize,
  roundHalfEven,
} from "./transforms/image-bytes.js";

/**
 * The pixels of a PBM, PGM or PPM (`P1` to `P6`), with one channel if it is grey: the bytes of Pillow's
 * `Image.open(file)`, which scales samples from their stated maximum to 255. Grey samples of more than 8 bits are
 * scaled to 16 bits, of which the high byte is kept.
 *
 * @param check called with the size before the pixels are allocated; throws if it is too large
 * @throws {DataError} `ERR_DATA_FORMAT` if the file is truncated or not a Netpbm file of these kinds
 */
export function decodeNetpbm(bytes: Uint8Array, check: (size: ImageSize) => void): ImageBytes {
  const reader = new NetpbmReader(bytes);
  const kind = bytes[1]! - 0x30;
  reader.at = 2;
  const width = reader.number("width", 1, 0x7fffffff);
  const height = reader.number("height", 1, 0x7fffffff);
  const isBitmap = kind === 1 || kind === 4;
  const most = isBitmap ? 1 : reader.number("largest sample", 1, 65_535);
  check({ height, width });
  const channels = kind === 3 || kind === 6 ? 3 : 1;
  const shape = { height, width, channels };
  const samples = reader.samples(kind, shape, most);
  return { ...shape, data: toBytes(samples, most, isBitmap, channels) };
}

type Samples = Uint8Array | Uint16Array;

function toBytes(samples: Samples, most: number, isBitmap: boolean, channels: number): Uint8Array {
  const isDeepGrey = channels === 1 && most > 255;
  const byteOf = (value: number): number => {
    if (isBitmap) return value === 0 ? 255 : 0; // 1 is black
    if (isDeepGrey) return roundHalfEven((value / most) * 65_535) >> 8;
    return roundHalfEven((value / most) * 255);
  };
  const data = new Uint8Array(samples.length);
  for (let i = 0; i < data.length; i++) data[i] = byteOf(Math.min(samples[i]!, most));
  return data;
}

const finding = (message: string): DataError => new DataError("ERR_DATA_FORMAT", message);

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);

const newLine = [0x0a, 0x0d];

class NetpbmReader {
  at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** Reads the next decimal number and one white space after it. */
  number(name: string, least: number, most: number): number {
    this.skipSpace();
    let value = 0;
    const start = this.at;
    for (; this.at < this.bytes.length && !isSpace(this.bytes[this.at]); this.at++) {
      const digit = this.bytes[this.at]! - 0x30;
      if (digit < 0 || digit > 9 || this.at - start >= 10)
        throw finding(`its ${name} is not a whole number (byte ${this.at})`);
      value = value * 10 + digit;
    }
    if (start === this.at) throw finding(`it is truncated: its ${name} is missing`);
    if (value < least || value > most)
      throw finding(`its ${name} is ${value}, but it must be from ${least} to ${most}`);
    this.at++;
    return value;
  }

  samples(kind: number, { height, width, channels }: ImageShape, most: number): Samples {
    const count = height * width * channels;
    if (kind === 4) return this.bits(height, width);
    if (kind > 4) return this.binary(count, most);
    // Each sample has at least one digit, and samples other than bits are separated by spaces.
    this.require(kind === 1 ? count : 2 * count - 1);
    const samples = most > 255 ? new Uint16Array(count) : new Uint8Array(count);
    for (let i = 0; i < count; i++)
      samples[i] = kind === 1 ? this.bit() : this.number("sample", 0, most);
    return samples;
  }

  private require(bytes: number): Uint8Array {
    const rest = this.bytes.subarray(this.at);
    if (rest.length >= bytes) return rest;
    throw finding(`it is truncated: its pixels take ${bytes} bytes, but ${rest.length} are there`);
  }

  private binary(count: number, most: number): Samples {
    if (most <= 255) return this.require(count).subarray(0, count);
    const rest = this.require(2 * count);
    return Uint16Array.from({ length: count }, (_, i) => (rest[2 * i]! << 8) | rest[2 * i + 1]!);
  }

  private bits(height: number, width: number): Uint8Array {
    const stride = Math.ceil(width / 8);
    const rest = this.require(height * stride);
    const samples = new Uint8Array(height * width);
    for (let y = 0, to = 0; y < height; y++) {
      for (let x = 0; x < width; x++)
        samples[to++] = (rest[y * stride + (x >> 3)]! >> (7 - (x & 7))) & 1;
    }
    return samples;
  }

  /** Reads one digit; the digits of a plain bitmap need no space between them. */
  private bit(): number {
    this.skipSpace();
    const digit = (this.bytes[this.at++] ?? -1) - 0x30;
    if (digit === 0 || digit === 1) return digit;
    throw finding("it is truncated, or has other samples than 0 and 1");
  }

  /** Skips white space and comments, which go from `#` to the end of a line. */
  private skipSpace(): void {
    while (this.at < this.bytes.length) {
      if (this.bytes[this.at] === 0x23) {
        while (this.at < this.bytes.length && !newLine.includes(this.bytes[this.at]!)) this.at++;
      } else if (!isSpace(this.bytes[this.at])) return;
      else this.at++;
    }
  }
}
