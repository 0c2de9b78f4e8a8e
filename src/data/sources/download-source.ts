import { DataError } from "../data-error.js";
import type { DatasetFile } from "../dataset-info.js";
import { partialPath } from "./cache.js";
import type { DataSource, DownloadProgress } from "./data-source.js";
import type { SourceEnvironment } from "./environment.js";
import { fetchRest } from "./fetch-rest.js";
import { PartialFile } from "./partial-file.js";
import { verifyFile } from "./verify-file.js";

const attempts = 3;

/** What a download needs besides the address. */
export interface DownloadOptions {
  readonly environment: Pick<SourceEnvironment, "fetch" | "stallTimeoutMs">;
  /** Where the bytes of a broken download wait for the next try. */
  readonly directory: string;
  readonly onProgress: (progress: DownloadProgress) => void;
}

/** The published files on the web, at `<url>/<name>.gz`; a broken download is resumed. */
export const downloadSource = (url: string, options: DownloadOptions): DataSource => ({
  name: url,
  isRequested: false,
  isRemote: true,
  read: (file) => download(file, `${url}/${file.name}.gz`, options),
});

async function download(
  file: DatasetFile,
  address: string,
  options: DownloadOptions,
): Promise<Uint8Array> {
  const path = partialPath(options.directory, file, new URL(address).host);
  const partial = await PartialFile.open(path);
  try {
    let holdsOldBytes = partial.length > 0;
    for (;;) {
      await receive(file, address, partial, options);
      const { bytes } = partial;
      await partial.restart(); // complete: good or bad, these bytes will not be resumed
      try {
        return await verifyFile(file, bytes, address, ".gz");
      } catch (error) {
        if (!holdsOldBytes) throw error;
        holdsOldBytes = false; // bytes of an earlier try may be at fault: once more, from the start
      }
    }
  } finally {
    await partial.close();
  }
}

/** Receives the whole file, resuming where the connection breaks. */
async function receive(
  file: DatasetFile,
  address: string,
  partial: PartialFile,
  { environment, onProgress }: DownloadOptions,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchRest(address, environment, partial, (receivedBytes, totalBytes) =>
        onProgress({ file: file.name, receivedBytes, totalBytes }),
      );
    } catch (error) {
      const hasBegun = partial.length > 0; // else nothing came at all, and insisting is no use
      if (attempt === attempts || !hasBegun || !(error instanceof DataError)) throw error;
    }
  }
}
