import path from "node:path";
import { DataError } from "../../../data/data-error.js";
import { imageExtensions, type ImageFiles } from "../../../data/image-files.js";
import { listImageFiles, readFolder } from "./list-image-files.js";

/** A folder of photographs as its owner divided it; `null` for a part that has no folder. */
export interface ImageFolder {
  /** The classes of `train` are those of all parts: its folders' names, in order. */
  readonly train: ImageFiles;
  readonly valid: ImageFiles | null;
  readonly test: ImageFiles | null;
  /** Files that were passed over, as they are no images by their names. */
  readonly ignored: number;
}

/** What a folder of validation images may be called. */
const validNames = ["val", "valid", "validation"];

/**
 * Finds the images of a folder, without opening them. Either the folder has `train` and perhaps `val` (`valid`,
 * `validation`) and `test`, each with a folder per class, or it has a folder per class itself:
 *
 *     photos/train/ants/1.jpg   photos/train/bees/7.png   photos/val/ants/2.webp
 *     photos/ants/1.jpg   photos/bees/7.png
 *
 * Classes are sorted by name, as torchvision's `ImageFolder` does, and files by path; folders inside a class's are
 * walked too; hidden files are passed over. Names are Unicode, in composed form (NFC).
 *
 * @throws {DataError} `ERR_DATA_SOURCE` if a folder cannot be read; `ERR_DATA_FOLDER` if there are no classes, one has
 *   no images, two differ by case alone, a part has a class that `train` has not, or symbolic links go round
 */
export async function readImageFolder(root: string): Promise<ImageFolder> {
  const { folders } = await readFolder(root);
  const name = path.basename(path.resolve(root));
  if (!folders.includes("train")) {
    const { images, ignored } = await readPart(root, name);
    return { train: images, valid: null, test: null, ignored };
  }
  const train = await readPart(path.join(root, "train"), `${name} train`);
  const valid = await readOther(root, oneOf(root, folders, validNames), train);
  const test = await readOther(root, oneOf(root, folders, ["test"]), train);
  const ignored = train.ignored + (valid?.ignored ?? 0) + (test?.ignored ?? 0);
  return { train: train.images, valid: valid?.images ?? null, test: test?.images ?? null, ignored };
}

/** Which of `names` is there. @throws {DataError} if more than one is */
function oneOf(
  root: string,
  folders: readonly string[],
  names: readonly string[],
): string | undefined {
  const there = names.filter((name) => folders.includes(name));
  if (there.length <= 1) return there[0];
  throw folderError(root, `it has both ${there.join(" and ")}: keep one of them`);
}

interface Part {
  readonly images: ImageFiles;
  readonly ignored: number;
}

/** The images of one part, by its own folders' names. */
async function readPart(folder: string, name: string): Promise<Part> {
  const classes = classNames(folder, (await readFolder(folder)).folders);
  const files: string[] = [];
  const labels: number[] = [];
  let ignored = 0;
  for (const [label, folderName] of [...classes.values()].entries()) {
    const inside = path.join(folder, folderName);
    const listing = await listImageFiles(inside);
    if (listing.files.length === 0) {
      const endings = imageExtensions.join(", ");
      throw folderError(inside, `the class has no images (${endings}): add some or remove it`);
    }
    for (const file of listing.files) {
      files.push(file);
      labels.push(label);
    }
    ignored += listing.ignored;
  }
  const images = { name, files, labels: Int32Array.from(labels), classes: [...classes.keys()] };
  return { images, ignored };
}

/** The folder of each class, by the class's name. @throws {DataError} if there are none, or two of one name */
function classNames(folder: string, folders: readonly string[]): ReadonlyMap<string, string> {
  if (folders.length === 0) {
    throw folderError(folder, "it has no folders, but each class of images needs one of its own");
  }
  const seen = new Map<string, string>();
  for (const name of folders) {
    const same = seen.get(foldCase(name));
    if (same !== undefined) {
      throw folderError(folder, `the classes ${same} and ${name} differ by case alone: rename one`);
    }
    seen.set(foldCase(name), name);
  }
  return new Map(folders.map((name) => [name.normalize("NFC"), name]));
}

const foldCase = (name: string): string => name.normalize("NFC").toLowerCase();

/** A part beside `train`, with the labels of train's classes. */
async function readOther(
  root: string,
  folder: string | undefined,
  { images: train }: Part,
): Promise<Part | null> {
  if (folder === undefined) return null;
  const at = path.join(root, folder);
  const { images, ignored } = await readPart(at, `${path.basename(path.resolve(root))} ${folder}`);
  const labelOf = images.classes.map((name) => {
    const label = train.classes.indexOf(name);
    if (label >= 0) return label;
    const near = train.classes.find((other) => foldCase(other) === foldCase(name));
    const hint = near === undefined ? "" : ` (but ${near})`;
    throw folderError(at, `train has no class ${name}${hint}: rename or remove it`);
  });
  const labels = images.labels.map((label) => labelOf[label]!);
  return { images: { ...images, labels, classes: train.classes }, ignored };
}

const folderError = (folder: string, finding: string): DataError =>
  new DataError("ERR_DATA_FOLDER", `${folder}: ${finding}`);
