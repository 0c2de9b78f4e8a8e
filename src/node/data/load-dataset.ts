import { normalize } from "node:path";
import type { DatasetEntry, DatasetFile, DecodedForm } from "../../data/catalog/dataset-entry.js";
import { DataError, type DataErrorCode } from "../../data/data-error.js";
import { findDataset } from "../../data/dataset-info.js";
import type { DatasetSplits } from "../../data/dataset.js";
import { aptSource } from "./sources/apt-source.js";
import type { DataSource, DownloadProgress } from "./sources/data-source.js";
import {
  directoriesOf,
  hasAnyFile,
  likelyDirectory,
  requestedDirectory,
} from "./sources/directory-source.js";
import { downloadSource } from "./sources/download-source.js";
import { type SourceEnvironment, machineEnvironment } from "./sources/environment.js";
import { keepInCache } from "./sources/partial-file.js";

export interface LoadDatasetOptions extends SourceOptions {
  /** Directory of the cache for downloads. Default `$XDG_CACHE_HOME/resnet-ts`, or `~/.cache/resnet-ts`. */
  readonly cacheDir?: string | undefined;
  /** Use only this machine's files: `dataDir`, the cache and the installed package. */
  readonly offline?: boolean | undefined;
}

/**
 * Loads the training and test images of a data set from the first source that has them: `dataDir`, the cache,
 * Debian's installed package, the addresses where the data set is published, and Debian's package fetched with apt.
 * `dataDir` and the cache may have any of the published forms. Every file is checked against its published digest,
 * and downloads are kept in the cache.
 *
 *     const { train, test } = await loadDataset("fashion-mnist");
 *
 * @param environment access to the machine; tests pass their own
 * @throws {DataError} `ERR_DATA_NAME` for a name that is not in `listDatasets()`;
 *   `ERR_DATA_NOT_FOUND` if no source has a file, with each source's reason and what to do;
 *   `ERR_DATA_GZIP`, `ERR_DATA_CHECKSUM` or `ERR_DATA_SOURCE` if `dataDir` does not exist or a file
 *   there is damaged, `ERR_DATA_ARCHIVE` for an archive
 */
export const loadDataset = (
  name: string,
  options: LoadDatasetOptions = {},
  environment: SourceEnvironment = machineEnvironment(),
): Promise<DatasetSplits> => loadEntry(findDataset(name), options, environment);

/** As `loadDataset`, for an entry outside the table. */
export async function loadEntry(
  entry: DatasetEntry,
  options: LoadDatasetOptions,
  environment: SourceEnvironment,
): Promise<DatasetSplits> {
  const { onNotice = () => undefined } = options;
  const cache = `${options.cacheDir ?? environment.cacheDir}/${entry.cacheName ?? entry.name}`;
  const form = await formAtHand(entry, options.dataDir, cache);
  const sources = sourcesOf(entry, form, cache, options, environment);
  const allowed = sources.filter(({ isRemote }) => !(options.offline && isRemote));
  const search = new FileSearch(entry, form, allowed, cache, onNotice);
  try {
    const contents = new Map<string, Uint8Array>();
    for (const file of form.files) contents.set(file.name, await search.find(file));
    return form.decode(contents);
  } finally {
    for (const source of sources) await source.close?.();
  }
}

/** The codes of a source with a damaged file. */
const damaged: ReadonlySet<DataErrorCode> = new Set([
  "ERR_DATA_GZIP",
  "ERR_DATA_ARCHIVE",
  "ERR_DATA_CHECKSUM",
]);

/** Finds files one by one, and remembers which sources have failed. */
class FileSearch {
  readonly #reasons = new Map<DataSource, string>();

  constructor(
    readonly entry: DatasetEntry,
    readonly form: DecodedForm,
    readonly sources: readonly DataSource[],
    readonly cache: string,
    readonly onNotice: (notice: string) => void,
  ) {}

  async find(file: DatasetFile): Promise<Uint8Array> {
    let isCacheDamaged = false;
    for (const source of this.sources) {
      if (source.isRemote && this.#reasons.has(source)) continue;
      try {
        const bytes = await source.read(file);
        if (source.isRemote || isCacheDamaged) await this.#keep(file, bytes);
        return bytes;
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        const isMissing = error.code === "ERR_DATA_NOT_FOUND";
        if (source.isRequested && !isMissing) throw error;
        if (source.isRequested && !this.#reasons.has(source)) {
          this.onNotice(`${error.message}; looking elsewhere`);
        }
        if (damaged.has(error.code)) {
          isCacheDamaged ||= !source.isRemote;
          this.onNotice(`${error.message}; trying the next source`);
        }
        this.#reasons.set(source, error.message);
      }
    }
    throw this.#notFound(file);
  }

  async #keep(file: DatasetFile, bytes: Uint8Array): Promise<void> {
    try {
      await keepInCache(this.cache, file, bytes);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.onNotice(`${file.name} cannot be kept in ${this.cache}: ${reason}`);
    }
  }

  #notFound(file: DatasetFile): DataError {
    const { name, homepage } = this.entry;
    const { files, archive } = this.form;
    const reasons = this.sources.map(
      (source) => `\n  ${source.name}\n    ${this.#reasons.get(source)}`,
    );
    const names = files.map((each) => each.name).join(", ");
    const published = archive ? `${archive.name} or its files` : `${names} (also .gz or .xz)`;
    return new DataError(
      "ERR_DATA_NOT_FOUND",
      `${name}: no source has ${file.name}${reasons.join("")}\n  To go on: connect to the` +
        ` network, or put ${published} from ${homepage} into a directory and name it with --data-dir`,
    );
  }
}

/** A user's choices for the sources. */
interface SourceOptions {
  /** A directory with the files, decompressed, `.gz` or `.xz`; the first source. */
  readonly dataDir?: string | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Called with a sentence that the user should read. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** The form in the user's directory, else the form in the cache, else the form to download. */
async function formAtHand(
  { forms }: DatasetEntry,
  dataDir: string | undefined,
  cache: string,
): Promise<DecodedForm> {
  for (const form of dataDir === undefined ? [] : forms) {
    if (await hasAnyFile(form, directoriesOf(form, dataDir!))) return form;
  }
  for (const form of forms) if (await hasAnyFile(form, [cache])) return form;
  return forms[0]!;
}

/** The sources of a form's files, in the order in which they are tried. */
function sourcesOf(
  { debian }: DatasetEntry,
  form: DecodedForm,
  cache: string,
  { dataDir, onProgress = () => undefined, onNotice = () => undefined }: SourceOptions,
  environment: SourceEnvironment,
): DataSource[] {
  const download = { environment, directory: cache, onProgress };
  const installed = debian && `${environment.fileSystemRoot}/${debian.directory}`;
  return [
    ...(dataDir === undefined ? [] : [requestedDirectory(form, dataDir)]),
    likelyDirectory("cache", form, cache),
    ...(installed ? [likelyDirectory("installed package", form, normalize(installed))] : []),
    ...form.urls.map((url) => downloadSource(form, url, download)),
    ...(debian ? [aptSource(form, debian, environment, onNotice)] : []),
  ];
}
