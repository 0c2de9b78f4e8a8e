import path from "node:path";
import { DataError } from "../../../data/data-error.js";
import { type ImageFiles, imageExtensions } from "../../../data/image-files.js";
import {
  type ImageFolder,
  type ImageParts,
  type Split,
  splitNamed,
  splitWords,
  withTraining,
} from "../../../data/image-parts.js";
import { foldCase, listImageFiles, readFolder, refuseLikeNames } from "./list-image-files.js";

/**
 * Finds the images of a folder, without opening them. Either the folder has `train` and perhaps `val` and `test`,
 * each with a folder for each class, or it has a folder for each class itself:
 *
 *     photos/train/ants/1.jpg   photos/train/bees/7.png   photos/val/ants/2.webp
 *     photos/ants/1.jpg   photos/bees/7.png
 *
 * The parts may have any of their usual names (`splitNamed`), such as `Training` and `Testing`. Classes are sorted by
 * name, as torchvision's `ImageFolder` does, and files by path. Subfolders of a class belong to the class, and hidden
 * files are skipped. Names of classes are in composed Unicode (NFC).
 *
 * @throws {DataError} `ERR_DATA_SOURCE` if a folder cannot be read; `ERR_DATA_FOLDER` if there are no classes or no
 *   training images, a class has no images, two classes differ only in case, a part has a class that `train` lacks,
 *   folders of images with unknown names lie beside `train`, or symbolic links form a cycle
 */
export const readImageFolder = async (root: string): Promise<ImageFolder> =>
  withTraining(await readImageParts(root));

/** As `readImageFolder`, but the folder need not have training images. Its first part names the classes. */
export async function readImageParts(root: string): Promise<ImageParts> {
  const name = path.basename(path.resolve(root));
  const splits = await splitFolders(root);
  const parts: Record<Split, ImageFiles | null> = { train: null, valid: null, test: null };
  if (!splits) {
    const { images, ignored } = await readPart(root, name);
    return { ...parts, train: images, ignored };
  }
  let ignored = (await readFolder(root)).files.length;
  let first: { readonly folder: string; readonly classes: readonly string[] } | null = null;
  for (const split of Object.keys(splitWords) as Split[]) {
    const folder = splits.get(split);
    if (folder === undefined) continue;
    const at = path.join(root, folder);
    const part = await readPart(at, `${name} ${folder}`);
    first ??= { folder, classes: part.images.classes };
    parts[split] = labelledAs(first, part.images, at);
    ignored += part.ignored;
  }
  return { ...parts, ignored };
}

/**
 * The folder of each part; null if the folders are classes.
 *
 * @throws {DataError} `ERR_DATA_FOLDER` for two folders of one part, or folders of images that may be a part or a class
 */
async function splitFolders(root: string): Promise<ReadonlyMap<Split, string> | null> {
  const { folders } = await readFolder(root);
  const splits = new Map<Split, string>();
  const others: string[] = [];
  for (const folder of folders) {
    const split = splitNamed(folder);
    const same = split && splits.get(split);
    if (same) {
      const finding = `it has both ${same} and ${folder}, two folders of ${splitWords[split]} images`;
      throw folderError(root, `${finding}: keep one of them`);
    }
    if (split) splits.set(split, folder);
    else others.push(folder);
  }
  if (splits.size === 0 || (await isClassOfTrains(root, splits, others))) return null;
  const unknown = await holdingImages(root, others);
  if (unknown.length > 0) {
    const found = [...splits].map(([split, folder]) => `${folder} (${splitWords[split]} images)`);
    throw folderError(
      root,
      `beside ${found.join(", ")} there are images in ${unknown.join(", ")}, which may be a part or a class: ` +
        "name each part train, val or test, each with a folder per class, and move other folders away",
    );
  }
  return splits;
}

/** Whether `train` is a class, as in a data set of vehicles: it has images and no folders. */
async function isClassOfTrains(
  root: string,
  splits: ReadonlyMap<Split, string>,
  others: readonly string[],
): Promise<boolean> {
  const train = splits.get("train");
  if (train?.toLowerCase() !== "train" || splits.size > 1 || others.length === 0) return false;
  const { folders, files } = await readFolder(path.join(root, train));
  return folders.length === 0 && files.length > 0;
}

async function holdingImages(root: string, folders: readonly string[]): Promise<string[]> {
  const holding: string[] = [];
  for (const folder of folders) {
    const { files } = await listImageFiles(path.join(root, folder));
    if (files.length > 0) holding.push(folder);
  }
  return holding;
}

interface Part {
  readonly images: ImageFiles;
  readonly ignored: number;
}

/** The images of one part; its folders are the classes. */
async function readPart(folder: string, name: string): Promise<Part> {
  const entries = await readFolder(folder);
  const classes = classNames(folder, entries.folders);
  const files: string[] = [];
  const labels: number[] = [];
  let ignored = entries.files.length;
  for (const [label, folderName] of [...classes.values()].entries()) {
    const inside = path.join(folder, folderName);
    await refuseSplitsInside(inside);
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

/** Refuses a class's folder that holds folders of parts, whose images would become one class. */
async function refuseSplitsInside(folder: string): Promise<void> {
  const { folders } = await readFolder(folder);
  const splits = folders.filter((name) => splitNamed(name) !== null);
  if (new Set(splits.map(splitNamed)).size < 2) return;
  throw folderError(
    folder,
    `it would be a class, but it holds ${splits.join(" and ")}: give this folder as the data, or put the parts ` +
      "above the classes, as in train/CLASS and test/CLASS",
  );
}

/** The folder of each class, by the class's name. @throws {DataError} if there is no class, or two have one name */
function classNames(folder: string, folders: readonly string[]): ReadonlyMap<string, string> {
  if (folders.length === 0) {
    throw folderError(folder, "it has no folders, but each class of images needs one of its own");
  }
  refuseLikeNames(folder, folders, "ERR_DATA_FOLDER");
  return new Map(folders.map((name) => [name.normalize("NFC"), name]));
}

/** The part with labels that index the first part's classes. */
function labelledAs(
  { folder: first, classes }: { readonly folder: string; readonly classes: readonly string[] },
  images: ImageFiles,
  folder: string,
): ImageFiles {
  const labelOf = images.classes.map((name) => {
    const label = classes.indexOf(name);
    if (label >= 0) return label;
    const near = classes.find((other) => foldCase(other) === foldCase(name));
    const hint = near === undefined ? "" : ` (but ${near})`;
    throw folderError(folder, `${first} has no class ${name}${hint}: rename or remove it`);
  });
  return { ...images, labels: images.labels.map((label) => labelOf[label]!), classes };
}

const folderError = (folder: string, finding: string): DataError =>
  new DataError("ERR_DATA_FOLDER", `${folder}: ${finding}`);
