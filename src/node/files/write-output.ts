import { fileErrorReason } from "./file-error.js";
import { writeFileAtomically } from "./replace-file.js";
import { ResnetError } from "../../tensor/error.js";

/**
 * Writes the file that a command was asked for, whole or not at all.
 *
 * @param write how, where the bytes are not in memory
 * @throws {ResnetError} `ERR_OUTPUT` if the file system refuses
 */
export async function writeOutput(
  file: string,
  contents: string | Uint8Array | (() => Promise<void>),
): Promise<void> {
  try {
    await (typeof contents === "function" ? contents() : writeFileAtomically(file, contents));
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined) throw error;
    const reason = fileErrorReason(error);
    throw new ResnetError("ERR_OUTPUT", `${file} cannot be written (${reason})`, { cause: error });
  }
}
