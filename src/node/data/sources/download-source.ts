import { readFile } from "node:fs/promises";
import type { DatasetFile, DatasetForm } from "../../../data/catalog/dataset-entry.js";
import { readArchive, type ArchivedFiles } from "./archive.js";
import type { DataSource } from "./data-source.js";
import { download, type DownloadOptions } from "./download.js";
import { verifyFile } from "./verify-file.js";

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
  return download(`${file.name}.gz`, `${url}/${file.name}.gz`, options, async ({ path }, address) =>
    verifyFile(file, await readFile(path), address, ".gz"),
  );
}

/** Downloads the archive when the first file is requested. */
function archiveReader(form: ArchivedFiles, url: string, options: DownloadOptions) {
  const { name, isShared } = form.archive;
  let contents: Promise<Map<string, Uint8Array>> | null = null;
  return async (file: DatasetFile): Promise<Uint8Array> => {
    contents ??= download(name, `${url}/${name}`, options, async (partial, address) => {
      const files = await readArchive(form, partial.path, address);
      if (isShared) await partial.keepAs(name);
      return files;
    });
    return (await contents).get(file.name)!;
  };
}
