import { readFile } from "node:fs/promises";
import { DataError } from "../../../data/data-error.js";
import type { DatasetFile, DatasetForm } from "../../../data/catalog/dataset-entry.js";
import { readArchive, type ArchivedFiles } from "./archive.js";
import { PartialFile, partialPath, removePartials } from "./partial-file.js";
import type { DataSource, DownloadProgress } from "./data-source.js";
import type { SourceEnvironment } from "./environment.js";
import { fetchRest } from "./fetch-rest.js";
import { verifyFile } from "./verify-file.js";

const attempts = 3;

/** Options of a download. */
export interface DownloadOptions {
  readonly environment: Pick<SourceEnvironment, "fetch" | "stallTimeoutMs" | "tempDir">;
  /** Directory for unfinished downloads. */
  readonly directory: string;
  readonly onProgress: (progress: DownloadProgress) => void;
}

/**
 * Downloads the published files: their archive at `<url>/<archive>`, or each file at `<url>/<name>.gz`. Broken
 * downloads are resumed.
 */
export function downloadSource(
  form: DatasetForm,
  url: string,
  options: DownloadOptions,
): DataSource {
  const { archive } = form;
  const readFile = archive
    ? archiveReader({ archive, files: form.files }, url, options)
    : (file: DatasetFile) => downloadFile(file, url, options);
  return { name: url, isRequested: false, isRemote: true, read: readFile };
}

function downloadFile(
  file: DatasetFile,
  url: string,
  options: DownloadOptions,
): Promise<Uint8Array> {
  return download(`${file.name}.gz`, url, options, async ({ path }, address) =>
    verifyFile(file, await readFile(path), address, ".gz"),
  );
}

/** Downloads the archive when the first file is requested. */
function archiveReader(form: ArchivedFiles, url: string, options: DownloadOptions) {
  const { name, isShared } = form.archive;
  let contents: Promise<Map<string, Uint8Array>> | null = null;
  return async (file: DatasetFile): Promise<Uint8Array> => {
    contents ??= download(name, url, options, async (partial, address) => {
      const files = await readArchive(form, partial.path, address);
      if (isShared) await partial.keepAs(name);
      return files;
    });
    return (await contents).get(file.name)!;
  };
}

/**
 * Downloads the published file `name`, and passes it to `use`.
 *
 * @returns the result of `use`
 */
async function download<Result>(
  name: string,
  url: string,
  options: DownloadOptions,
  use: (file: PartialFile, address: string) => Promise<Result>,
): Promise<Result> {
  const address = `${url}/${name}`;
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
