import { readFile } from "node:fs/promises";
import path from "node:path";
import { CsvError, parse } from "csv-parse/sync";
import { DataError } from "../../../data/data-error.js";
import type { ImageFiles } from "../../../data/image-files.js";
import { byCodePoint } from "./list-image-files.js";

/**
 * The images that a CSV file lists, one `path,label` a row, without opening them.
 *
 *     path,label
 *     cats/1.jpg,cat
 *     "dogs/the old one, sleeping.png",dog
 *
 * The first row may name the columns, in any order and among others; without names the first is the path and the second the label, and
 * the first image has an ending, such as `.jpg`.
 * Paths start at the file's own folder unless they are absolute. Classes are the labels, sorted by code point, or by value where all of
 * them are whole numbers.
 *
 * @throws {DataError} `ERR_DATA_NOT_FOUND` if the file is not there; `ERR_DATA_FORMAT` if it is no CSV, names
 *   no images, or a row lacks path or label; errors name the line
 */
export async function readImageCsv(file: string): Promise<ImageFiles> {
  const rows = parseCsv(await readText(file), file);
  const [first] = rows;
  if (!first) throw new DataError("ERR_DATA_FORMAT", `${file}: the file has no rows`);
  const named = first.fields.map((field) => field.toLowerCase());
  const hasNames = named.includes("path") && named.includes("label");
  const [pathColumn, labelColumn] = hasNames
    ? [named.indexOf("path"), named.indexOf("label")]
    : [0, 1];
  if (!hasNames && path.extname(first.fields[0] ?? "") === "") {
    throw new DataError(
      "ERR_DATA_FORMAT",
      `${file}: line ${first.line} begins with "${first.fields[0]}", which is no image: a first line that names the columns calls them path and label`,
    );
  }
  const images = rows.slice(hasNames ? 1 : 0).map(({ fields, line }) => {
    const [image, label] = [fields[pathColumn], fields[labelColumn]];
    if (image && label) return { image, label: label.normalize("NFC") };
    throw new DataError(
      "ERR_DATA_FORMAT",
      `${file}: line ${line} has no ${image ? "label" : "path"}: each line is a path, a comma and a label`,
    );
  });
  if (images.length === 0)
    throw new DataError("ERR_DATA_FORMAT", `${file}: the file lists no images`);
  const classes = [...new Set(images.map(({ label }) => label))];
  const areNumbers = classes.every((label) => /^\d{1,9}$/.test(label));
  classes.sort(areNumbers ? (a, b) => Number(a) - Number(b) : byCodePoint);
  const indexOf = new Map(classes.map((label, i) => [label, i]));
  const folder = path.dirname(file);
  return {
    name: path.basename(file),
    files: images.map(({ image }) => path.resolve(folder, image)),
    labels: Int32Array.from(images, ({ label }) => indexOf.get(label)!),
    classes,
  };
}

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file));
  } catch (error) {
    if (error instanceof TypeError) {
      throw new DataError("ERR_DATA_FORMAT", `${file}: the file is no text in UTF-8`, {
        cause: error,
      });
    }
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") {
      throw new DataError("ERR_DATA_NOT_FOUND", `${file}: there is no such file`, { cause: error });
    }
    throw new DataError("ERR_DATA_SOURCE", `${file}: the file cannot be read: ${code ?? message}`, {
      cause: error,
    });
  }
}

interface CsvRow {
  readonly fields: readonly string[];
  /** Where the row ends, from 1. */
  readonly line: number;
}

function parseCsv(text: string, file: string): CsvRow[] {
  try {
    const rows = parse(text, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      info: true,
      relax_column_count: true,
    });
    return (rows as unknown as { info: { lines: number }; record: string[] }[]).map(
      ({ info, record }) => ({ fields: record, line: info.lines }),
    );
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new DataError("ERR_DATA_FORMAT", `${file}: the file is no CSV: ${error.message}`, {
      cause: error,
    });
  }
}
