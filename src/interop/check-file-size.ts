import { InteropError } from "./interop-error.js";

/**
 * Refuses a file that its format has no room for, before any of it is written.
 *
 * @param bytes that the file would take
 * @param limit how many bytes the format holds at most, and what it is called
 * @throws {InteropError} `ERR_FILE_SIZE`
 */
export function checkFileSize(
  bytes: number,
  limit: { readonly format: string; readonly most: number },
): void {
  if (bytes <= limit.most) return;
  throw new InteropError(
    "ERR_FILE_SIZE",
    `the file would take ${bytes} bytes, but ${limit.format} holds ${limit.most} at most: write safetensors, which has no such limit`,
  );
}
