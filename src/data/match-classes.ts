import { hostArray } from "../tensor/host-array.js";
import { printable, printableList } from "../tensor/printable.js";
import { imageNetName } from "./catalog/imagenet.js";
import { DataError } from "./data-error.js";
import { type LabelledImages, isInFiles, labelsOf } from "./image-files.js";

/** The classes of a network, in the order of its outputs. */
export interface KnownClasses {
  /** The checkpoint's file, for the error. */
  readonly file: string;
  readonly classes: readonly string[];
  /** False if the classes are only numbers, as after importing weights without names. Default true. */
  readonly areNamed?: boolean;
}

/**
 * The same images with labels of the network. Classes are matched by name, in any order; the images may lack some of
 * the network's classes. ImageNet's classes match by their names and by their WordNet identifiers. If the network's
 * classes have no names, they are matched by position.
 *
 * @throws {DataError} `ERR_DATA_LABEL` if the images have a class that the network lacks
 */
export function matchClasses(
  images: LabelledImages,
  { file, classes, areNamed = true }: KnownClasses,
): LabelledImages {
  if (!areNamed) {
    if (images.classes.length === classes.length) return images;
    const counts = `${images.name} has ${images.classes.length} classes, but ${file} tells ${classes.length} apart`;
    throw new DataError("ERR_DATA_LABEL", `${counts}: choose other data`);
  }
  const labelOf = new Map(classes.map((name, label) => [imageNetName(name), label]));
  for (const [label, name] of classes.entries()) labelOf.set(name, label);
  const labels = images.classes.map(
    (name) => labelOf.get(name) ?? labelOf.get(imageNetName(name)) ?? -1,
  );
  const unknown = images.classes.filter((_, i) => labels[i] === -1);
  if (unknown.length > 0) {
    const found = unknown.length === 1 ? "the class" : "the classes";
    throw new DataError(
      "ERR_DATA_LABEL",
      `${images.name} has ${found} ${printableList(unknown)}, but ${file} tells apart ${printableList(classes)}: ` +
        `rename ${unknown.length === 1 ? printable(unknown[0]!) : "them"}, or choose other data`,
    );
  }
  return relabelled(
    images,
    labelsOf(images).map((label) => labels[label]!),
    classes,
  );
}

/** Whether these are the same classes in the same order. ImageNet's count as the same by name and WordNet identifier. */
export const areSameClasses = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length &&
  a.every((name, i) => name === b[i] || imageNetName(name) === imageNetName(b[i]!));

function relabelled(
  images: LabelledImages,
  labels: Int32Array,
  classes: readonly string[],
): LabelledImages {
  if (isInFiles(images)) return { ...images, labels, classes };
  return { ...images, labels: hostArray([labels.length], labels, "i32"), classes };
}
