/** The number of leading bytes that determine a file's kind. */
export const headBytes = 512;

/** The containers of `torch.save`: zip since PyTorch 1.6, pickles before, tar in PyTorch 0.1. */
export type TorchContainer = "zip" | "pickle" | "tar";

/**
 * The container of a PyTorch file, or null for any other file.
 *
 * @param head the beginning of the file, `headBytes` unless the file is shorter
 */
export function torchContainer(head: Uint8Array): TorchContainer | null {
  if (startsWith(head, [0x50, 0x4b, 3, 4])) return "zip";
  if (latin1(head.subarray(257, 262)) === "ustar") return "tar";
  // A safetensors file may begin with the same two bytes as a pickle, but the last bytes of its length are 0.
  const isPickle = head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5;
  return isPickle && head.subarray(5, 8).some((byte) => byte !== 0) ? "pickle" : null;
}

const signatures: readonly (readonly [bytes: readonly number[], kind: string])[] = [
  [[0x1f, 0x8b], "it is compressed with gzip: unpack it first"],
  [[...codes("BZh")], "it is compressed with bzip2: unpack it first"],
  [[0xfd, ...codes("7zXZ")], "it is compressed with xz: unpack it first"],
  [[0x28, 0xb5, 0x2f, 0xfd], "it is compressed with zstd: unpack it first"],
  [
    [0x89, ...codes("HDF")],
    "it is an HDF5 file, as Keras writes: save the weights with PyTorch or as safetensors",
  ],
  [[0x89, ...codes("PNG")], "it is a picture, not weights"],
  [[0xff, 0xd8, 0xff], "it is a picture, not weights"],
  [codes("GIF8"), "it is a picture, not weights"],
];

/**
 * Describes a file that is certainly not a file of weights, and what to do; null for any other file.
 *
 * @param head the beginning of the file, `headBytes` unless the file is shorter
 */
export function notWeights(head: Uint8Array): string | null {
  if (head.length === 0) return "it is empty: download or copy it again";
  const signature = signatures.find(([bytes]) => startsWith(head, bytes));
  if (signature) return signature[1];
  const text = decode(head);
  if (text === null) return null;
  if (text.startsWith("version https://git-lfs")) {
    return "it is a Git LFS pointer instead of the file: run 'git lfs pull' in its repository, or download the file itself";
  }
  if (/^\s*<(!doctype html|html|head|body|script)\b/i.test(text)) {
    return "it is a web page (HTML) instead of the file: the address led to a page, such as a log-in; download the file itself";
  }
  return "it is a text file, not weights: check the path, or download the file again";
}

/** The text at the start of a text file; null for other files. */
function decode(head: Uint8Array): string | null {
  const text = new TextDecoder("utf-8").decode(head.subarray(0, headBytes - 4)); // a character may be cut
  // eslint-disable-next-line no-control-regex
  return /[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text) ? null : text;
}

const startsWith = (head: Uint8Array, bytes: readonly number[]): boolean =>
  bytes.every((byte, i) => head[i] === byte);

function codes(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
