import { accessSync, constants, statSync } from "node:fs";
import { DataError } from "../../../data/data-error.js";
import { describeFindings } from "./describe-findings.js";
import { findingOf, unreadable } from "./read-image-file.js";

/**
 * Refuses image files that cannot be opened, all at once: those that are missing, empty or forbidden, links that lead
 * nowhere, FIFOs and devices. Opens none of them, so that the scan takes microseconds for a file.
 *
 * @throws {DataError} `ERR_DATA_SOURCE`, naming the first ten
 */
export function scanFiles(files: readonly string[]): void {
  const findings = findUnopenable(files);
  if (findings.length === 0) return;
  throw new DataError(
    "ERR_DATA_SOURCE",
    `${describeFindings(findings, "cannot be read")}\nmend or remove them, or leave them out with --on-unreadable skip`,
  );
}

/** What is wrong with each of the files that cannot be opened; it names the file. */
export function findUnopenable(files: readonly string[]): string[] {
  const findings: string[] = [];
  for (const file of files) {
    const finding = scanFile(file);
    if (finding !== null) findings.push(finding);
  }
  return findings;
}

/** What keeps a file from being opened; null for nothing. */
function scanFile(file: string): string | null {
  try {
    const stats = statSync(file);
    const finding = stats.isFile() && stats.size === 0 ? "the file is empty" : findingOf(stats);
    if (finding !== null) return `${file}: ${finding}`;
    accessSync(file, constants.R_OK);
    return null;
  } catch (error) {
    return unreadable(file, error).message;
  }
}
