import { normalize } from "node:path";
import type { DatasetEntry, DecodedForm } from "../dataset-info.js";
import type { LoadDatasetOptions } from "../load-dataset.js";
import { aptSource } from "./apt-source.js";
import type { DataSource } from "./data-source.js";
import {
  directoriesOf,
  hasAnyFile,
  likelyDirectory,
  requestedDirectory,
} from "./directory-source.js";
import { downloadSource } from "./download-source.js";
import type { SourceEnvironment } from "./environment.js";

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
  { dataDir, onProgress = () => undefined, onNotice = () => undefined }: LoadDatasetOptions,
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
