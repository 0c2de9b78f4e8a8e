import path from "node:path";
import { renderPng } from "../report/render-png.js";
import { ResnetError } from "../../tensor/error.js";

type PictureFormat = ".svg" | ".png";

/** The format that a file's name asks for. @throws {ResnetError} `ERR_CONFIG` for a name that asks for none */
export function pictureFormat(file: string): PictureFormat {
  const extension = path.extname(file).toLowerCase();
  if (extension === ".svg" || extension === ".png") return extension;
  throw new ResnetError(
    "ERR_CONFIG",
    `${file}: pictures are written as SVG or PNG: end the name in .svg or .png`,
  );
}

/** A picture in the format that the name of its file asks for. */
export const pictureOf = async (file: string, svg: string): Promise<string | Uint8Array> =>
  pictureFormat(file) === ".png" ? renderPng(svg) : svg;
