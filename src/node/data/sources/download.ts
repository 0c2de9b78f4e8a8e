import { DataError } from "../../../data/data-error.js";
import type { DownloadProgress } from "./data-source.js";
import type { SourceEnvironment } from "./environment.js";
import { fetchRest } from "./fetch-rest.js";
import { PartialFile, partialPath, removePartials } from "./partial-file.js";

const attempts = 3;

/** Options of a download. */
export interface DownloadOptions {
  readonly environment: Pick<SourceEnvironment, "fetch" | "stallTimeoutMs" | "tempDir">;
  /** Directory for unfinished downloads. */
  readonly directory: string;
  readonly onProgress: (progress: DownloadProgress) => void;
}

/**
 * Downloads a published file, and passes it to `use`. Broken downloads are resumed, also by a later process; a file that
 * `use` refuses is downloaded once more if bytes of an earlier process were in it.
 *
 * @param name the file's name, for the unfinished download and for progress
 * @param address the file's address
 * @returns the result of `use`
 */
export async function download<Result>(
  name: string,
  address: string,
  options: DownloadOptions,
  use: (file: PartialFile, address: string) => Promise<Result>,
): Promise<Result> {
  const { directory, environment } = options;
  const path = partialPath(directory, name, new URL(address).host);
  const partial = await PartialFile.open(path, environment.tempDir);
  try {
    let holdsOldBytes = partial.length > 0;
    for (;;) {
      await receive(name, address, partial, options);
      try {
        const result = await use(partial, address);
        await partial.restart(); // nothing is left to resume
        await removePartials(directory, name);
        return result;
      } catch (error) {
        await partial.restart(); // a damaged download must not be resumed
        if (!holdsOldBytes) throw error;
        holdsOldBytes = false; // the bytes of an earlier try may be damaged: download again from the start
      }
    }
  } finally {
    await partial.close();
  }
}

/** Receives the whole file, resuming where the connection breaks. */
async function receive(
  file: string,
  address: string,
  partial: PartialFile,
  { environment, onProgress }: DownloadOptions,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchRest(address, environment, partial, (receivedBytes, totalBytes) =>
        onProgress({ file, receivedBytes, totalBytes }),
      );
    } catch (error) {
      const hasBegun = partial.length > 0; // if nothing came at all, another try is unlikely to succeed
      if (attempt === attempts || !hasBegun || !(error instanceof DataError)) throw error;
    }
  }
}
