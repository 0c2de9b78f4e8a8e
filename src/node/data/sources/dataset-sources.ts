import { normalize } from "node:path";
import type { DatasetEntry, DecodedForm } from "../../../data/catalog/dataset-entry.js";
import { aptSource } from "./apt-source.js";
import type { DataSource, DownloadProgress } from "./data-source.js";
import {
  directoriesOf,
  hasAnyFile,
  likelyDirectory,
  requestedDirectory,
} from "./directory-source.js";
import { downloadSource } from "./download-source.js";
import type { SourceEnvironment } from "./environment.js";

/** What a user says of the sources. */
export interface SourceOptions {
  /** A directory that has the files, decompressed, `.gz` or `.xz`; it is looked at first. */
  readonly dataDir?: string | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Called with one sentence when something happened that the user should know. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** The form that the user's directory has, else the one in the cache, else the one to download. */
export async function formAtHand(
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

/** Where the files of a form may be had, in the order in which they are tried. */
export function sourcesOf(
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
