import { DataError, type DataErrorCode } from "../../../data/data-error.js";

/** A name for comparison: composed (NFC), in lower case. */
export const foldCase = (name: string): string => name.normalize("NFC").toLowerCase();

/**
 * Refuses names of classes that differ by case alone: one of them was a slip.
 *
 * @param where folder or file that has the names, for the error
 * @throws {DataError} with this code, naming two
 */
export function refuseLikeNames(where: string, names: Iterable<string>, code: DataErrorCode): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    const same = seen.get(foldCase(name));
    if (same !== undefined) {
      const finding = `the classes ${same} and ${name} differ by case alone: rename one`;
      throw new DataError(code, `${where}: ${finding}`);
    }
    seen.set(foldCase(name), name);
  }
}
