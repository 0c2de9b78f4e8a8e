import { realpath } from "node:fs/promises";
import path from "node:path";
import { UsageError } from "../../tensor/error.js";
import type { Figure } from "../../report/figure.js";
import { renderPng } from "../report/picture.js";

/**
 * Checks before the work that the extension of an output file, if it has one, is that of what the command writes.
 *
 * @param kind the format's name, for the message
 * @throws {ResnetError} `ERR_CONFIG` for any other extension
 */
export function requireExtension(file: string, extension: string, kind: string): void {
  if (["", extension].includes(path.extname(file).toLowerCase())) return;
  throw new UsageError(
    "ERR_CONFIG",
    `${file}: this command writes ${kind}: end the name of the file in ${extension}`,
  );
}

type PictureFormat = ".svg" | ".png";

/** The format that a file's name asks for. @throws {ResnetError} `ERR_CONFIG` for a name that asks for none */
export function pictureFormat(file: string): PictureFormat {
  const extension = path.extname(file).toLowerCase();
  if (extension === ".svg" || extension === ".png") return extension;
  throw new UsageError(
    "ERR_CONFIG",
    `${file}: pictures are written as SVG or PNG: end the name in .svg or .png`,
  );
}

/** A figure in the format that the name of its file asks for. */
export const pictureOf = async (file: string, figure: Figure): Promise<string | Uint8Array> =>
  pictureFormat(file) === ".png" ? renderPng(figure) : figure.svg;

/**
 * Refuses to write over what a command reads: a checkpoint, weights or a picture.
 *
 * @throws {ResnetError} `ERR_OVERWRITE` if `out` is one of `inputs`, under whatever path
 */
export async function requireOther(out: string, inputs: readonly string[]): Promise<void> {
  const place = await placeOf(out);
  for (const input of inputs) {
    if ((await placeOf(input)) !== place) continue;
    throw new UsageError(
      "ERR_OVERWRITE",
      `${out} is what is read here: name another file to write`,
    );
  }
}

/** Where a path leads, through links; one that leads nowhere yet, as it is. */
const placeOf = (file: string): Promise<string> => realpath(file).catch(() => path.resolve(file));
