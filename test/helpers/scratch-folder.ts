import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";

/**
 * A new temporary folder, which is removed when the tests that share it are over.
 *
 * @param t the test that it is for; without one, it is for the file or the `describe` that calls
 */
export function scratchFolder(
  t: { readonly after: (remove: () => void) => void } = { after },
): string {
  const folder = mkdtempSync(path.join(tmpdir(), "resnet-ts-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
