import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import sharp, { type OutputInfo } from "sharp";
import { hostArray, type HostArray } from "../../../tensor/host-array.js";
import { DataError } from "../../../data/data-error.js";

/** 1 is grey, 3 is red, green and blue. */
export type ImageChannels = 1 | 3;

/**
 * The pixels of one image: u8 `[H, W, C]`. JPEG, PNG, WebP, AVIF, GIF (its first frame) and TIFF, told apart by
 * their first bytes and not by the file's name.
 *
 * The bytes are those of Pillow's `Image.open(file)`, `ImageOps.exif_transpose` and `convert("RGB")` or
 * `convert("L")`, and so what torchvision's `ImageFolder` feeds a network, but for its ignoring of EXIF:
 * the orientation is applied, alpha is dropped and not laid over a colour, a palette is looked up, grey is
 * repeated in all channels, and colour profiles are ignored. 16-bit samples keep their high byte, where Pillow
 * clips them. CMYK, AVIF's halved colour, and GIF's transparent pixels (black here) differ from Pillow's.
 *
 * @param source a file's path, or the bytes of a file
 * @param name what errors call bytes
 * @throws {DataError} `ERR_DATA_SOURCE` if the file cannot be read; `ERR_DATA_IMAGE` if it is no image of a known
 *   format, damaged, truncated, or larger than 268 megapixels
 */
export async function decodeImage(
  source: string | Uint8Array,
  channels: ImageChannels,
  name = "the image",
): Promise<HostArray<"u8">> {
  const file = typeof source === "string" ? source : name;
  const bytes = typeof source === "string" ? await readImageFile(source) : source;
  const { data, info } = await decode(bytes, file);
  const pixels = takeChannels(data, info.channels, channels);
  return hostArray([info.height, info.width, channels], pixels, "u8");
}

const readImageFile = (file: string): Promise<Uint8Array> =>
  readFile(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });

/** The bytes of an image file, for a thread that has nothing else to do meanwhile: a fifth of the processor time. */
export function readImageFileSync(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): DataError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = code === "ENOENT" ? "there is no such file" : `it cannot be read (${message})`;
  return new DataError("ERR_DATA_SOURCE", `${file}: ${reason}`, { cause: error });
}

/** How files of the formats begin. libvips would read more, such as SVG: programs of a kind, and not photographs. */
const signatures =
  // oxlint-disable-next-line no-control-regex
  /^(\xff\xd8\xff|\x89PNG|RIFF.{4}WEBP|.{4}ftyp|GIF8|II[*+]\0|MM\0[*+])/s;

const unknownFormat = "it is not a JPEG, PNG, WebP, AVIF, GIF or TIFF, or is cut off in its header";

async function decode(
  bytes: Uint8Array,
  file: string,
): Promise<{ readonly data: Uint8Array; readonly info: OutputInfo }> {
  if (bytes.length === 0) throw notAnImage(file, "the file is empty");
  if (!signatures.test(Buffer.from(bytes.subarray(0, 12)).toString("latin1")))
    throw notAnImage(file, unknownFormat);
  try {
    return await sharp(bytes, { autoOrient: true, ignoreIcc: true })
      .raw()
      .toBuffer({ resolveWithObject: true });
  } catch (error) {
    throw notAnImage(file, findingOf(error), error);
  }
}

/** The first line of what libvips says, which repeats itself for each of its tries. */
function findingOf(error: unknown): string {
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  if (/unsupported image format/.test(line)) return unknownFormat;
  return `it is damaged or truncated (${line.replace(/^Input (file|buffer) has corrupt header: /, "")})`;
}

const notAnImage = (file: string, finding: string, cause?: unknown): DataError =>
  new DataError("ERR_DATA_IMAGE", `${file}: ${finding}; mend or remove it`, { cause });

/** `available` channels, 3 or with alpha 4, to red, green and blue, or to Pillow's grey. */
function takeChannels(
  bytes: Uint8Array,
  available: number,
  channels: ImageChannels,
): Uint8Array<ArrayBuffer> {
  if (available === channels && bytes.byteLength === bytes.buffer.byteLength)
    return bytes as Uint8Array<ArrayBuffer>;
  const pixels = bytes.length / available;
  const taken = new Uint8Array(pixels * channels);
  for (let p = 0, from = 0, to = 0; p < pixels; p++, from += available) {
    const r = bytes[from]!;
    const g = bytes[from + 1]!;
    const b = bytes[from + 2]!;
    if (channels === 1) {
      taken[to++] = (19595 * r + 38470 * g + 7471 * b + 0x8000) >> 16; // ITU-R 601 in 16 bits
    } else {
      taken[to++] = r;
      taken[to++] = g;
      taken[to++] = b;
    }
  }
  return taken;
}
