import { realpath } from "node:fs/promises";
import path from "node:path";
import { ResnetError } from "../../tensor/error.js";

/**
 * Refuses to write over what a command reads: a checkpoint, weights or a picture.
 *
 * @throws {ResnetError} `ERR_OVERWRITE` if `out` is one of `inputs`, under whatever path
 */
export async function requireOther(out: string, inputs: readonly string[]): Promise<void> {
  const place = await placeOf(out);
  for (const input of inputs) {
    if ((await placeOf(input)) !== place) continue;
    throw new ResnetError(
      "ERR_OVERWRITE",
      `${out} is what is read here: name another file to write`,
    );
  }
}

/** Where a path leads, through links; one that leads nowhere yet, as it is. */
const placeOf = (file: string): Promise<string> => realpath(file).catch(() => path.resolve(file));
