import { readFile } from "node:fs/promises";
import path from "node:path";
import { CsvError, parse } from "csv-parse/sync";
import { DataError } from "../../../data/data-error.js";
import { type ImageFiles, imageExtensions, takeFiles } from "../../../data/image-files.js";
import {
  type ImageFolder,
  type ImageParts,
  type Split,
  splitNamed,
  withTraining,
} from "../../../data/image-parts.js";
import { byCodePoint, refuseLikeNames } from "./list-image-files.js";

/**
 * Reads a CSV file that lists images, one `path,label` a row, without opening the images.
 *
 *     path,label,split
 *     cats/1.jpg,cat,train
 *     "dogs/the old one, sleeping.png",dog,val
 *
 * The first row may name the columns, in any order and among other columns. Without names the first column is the path,
 * which must have an extension such as `.jpg`, and the second is the label. A column `split` says which part an image
 * belongs to (`splitNamed`); without it, all are training images. Fields are separated by commas, semicolons or tabs,
 * as the first row shows. Paths start at the file's own folder unless they are absolute. The classes are the labels,
 * sorted by code point, or by value if all are whole numbers.
 *
 * @throws {DataError} `ERR_DATA_NOT_FOUND` if the file does not exist; `ERR_DATA_FORMAT` if it is not CSV, lists
 *   no images or an image twice, a row lacks path, label or split, or two classes differ only in case, naming the
 *   line; `ERR_DATA_FOLDER` if it lists no training images
 */
export const readImageCsv = async (file: string): Promise<ImageFolder> =>
  withTraining(await readCsvParts(file));

/** As `readImageCsv`, but the file need not list training images. */
export async function readCsvParts(file: string): Promise<ImageParts> {
  const rows = parseCsv(await readText(file), file);
  const columns = columnsOf(rows, file);
  const images = rows.slice(columns.hasNames ? 1 : 0).map((row) => listedImage(row, columns, file));
  if (images.length === 0) throw formatError(file, "the file lists no images");
  refuseRepeated(images, file);
  const classes = classesOf(images);
  refuseLikeNames(file, classes, "ERR_DATA_FORMAT");
  const indexOf = new Map(classes.map((label, i) => [label, i]));
  const all: ImageFiles = {
    name: path.basename(file),
    files: images.map((image) => image.file),
    labels: Int32Array.from(images, ({ label }) => indexOf.get(label)!),
    classes,
  };
  const part = (split: Split): ImageFiles | null => {
    const of = images.flatMap((image, row) => (image.split === split ? [row] : []));
    if (columns.split === null && split === "train") return all;
    return of.length === 0 ? null : { ...takeFiles(all, of), name: `${all.name} ${split}` };
  };
  return { train: part("train"), valid: part("valid"), test: part("test"), ignored: 0 };
}

interface Columns {
  readonly path: number;
  readonly label: number;
  /** Null if there is no such column. */
  readonly split: number | null;
  /** Whether the first row names them. */
  readonly hasNames: boolean;
}

function columnsOf([first]: readonly CsvRow[], file: string): Columns {
  if (!first) throw formatError(file, "the file has no rows");
  const named = namesOf(first);
  if (named) return named;
  if (path.extname(first.fields[0] ?? "") !== "")
    return { path: 0, label: 1, split: null, hasNames: false };
  throw formatError(
    file,
    `line ${first.line} begins with "${first.fields[0]}", which is not an image: name the columns path and label in the first line`,
  );
}

/** The columns that a row names; null unless it names path and label. */
function namesOf({ fields }: CsvRow): Columns | null {
  const [pathColumn = -1, label = -1, split = -1] = ["path", "label", "split"].map((name) =>
    fields.findIndex((field) => field.toLowerCase() === name),
  );
  if (pathColumn < 0 || label < 0) return null;
  return { path: pathColumn, label, split: split < 0 ? null : split, hasNames: true };
}

interface ListedImage {
  readonly file: string;
  readonly label: string;
  readonly split: Split;
  readonly line: number;
}

function listedImage({ fields, line }: CsvRow, columns: Columns, file: string): ListedImage {
  const [image, label] = [fields[columns.path], fields[columns.label]];
  if (!image || !label) {
    const missing = image ? "label" : "path";
    throw formatError(
      file,
      `line ${line} has no ${missing}: each line is a path, a comma (or semicolon, or tab) and a label`,
    );
  }
  return {
    file: path.resolve(path.dirname(file), image),
    label: label.normalize("NFC"),
    split: columns.split === null ? "train" : splitOf(fields[columns.split] ?? "", line, file),
    line,
  };
}

function splitOf(name: string, line: number, file: string): Split {
  const split = splitNamed(name);
  if (split) return split;
  throw formatError(file, `line ${line} has the split "${name}": it is train, val or test`);
}

/** An image that is listed twice could have two labels, or be in two parts. */
function refuseRepeated(images: readonly ListedImage[], file: string): void {
  const seen = new Map<string, ListedImage>();
  for (const image of images) {
    const before = seen.get(image.file);
    if (before) {
      const labels = before.label === image.label ? "" : `, as ${before.label} and ${image.label}`;
      throw formatError(
        file,
        `lines ${before.line} and ${image.line} list the same image, ${image.file}${labels}: list each image once`,
      );
    }
    seen.set(image.file, image);
  }
}

function classesOf(images: readonly ListedImage[]): string[] {
  const classes = [...new Set(images.map(({ label }) => label))];
  const areNumbers = classes.every((label) => /^\d{1,9}$/.test(label));
  return classes.sort(areNumbers ? (a, b) => Number(a) - Number(b) : byCodePoint);
}

const formatError = (file: string, finding: string, cause?: unknown): DataError =>
  new DataError("ERR_DATA_FORMAT", `${file}: ${finding}`, { cause });

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file));
  } catch (error) {
    if (error instanceof TypeError) {
      throw new DataError("ERR_DATA_FORMAT", `${file}: the file is not UTF-8 text`, {
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
  /** Line in which the row ends, from 1. */
  readonly line: number;
}

const separators = [",", ";", "\t"];

/** The separator with which the first row names the columns, else begins with an image and a label. */
function separatorOf(text: string, file: string): string {
  const first = separators.map((separator) => {
    const [row] = parseRows(text, separator, file, 1);
    return { separator, row };
  });
  const isImage = ([image = "", label]: readonly string[]): boolean =>
    label !== undefined && imageExtensions.includes(path.extname(image).toLowerCase());
  const found =
    first.find(({ row }) => row && namesOf(row)) ??
    first.find(({ row }) => row && isImage(row.fields)) ??
    first.find(({ row }) => row && row.fields.length > 1);
  return found?.separator ?? separators[0]!;
}

const parseCsv = (text: string, file: string): CsvRow[] =>
  parseRows(text, separatorOf(text, file), file);

function parseRows(text: string, delimiter: string, file: string, to?: number): CsvRow[] {
  try {
    const rows = parse(text, {
      bom: true,
      delimiter,
      trim: true,
      skip_empty_lines: true,
      info: true,
      relax_column_count: true,
      ...(to !== undefined && { to }),
    });
    return (rows as unknown as { info: { lines: number }; record: string[] }[]).map(
      ({ info, record }) => ({ fields: record, line: info.lines }),
    );
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw formatError(file, `the file is not CSV: ${error.message}`, error);
  }
}
