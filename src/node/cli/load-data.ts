import { type LoadDatasetOptions, loadDataset } from "../data/load-dataset.js";
import type { DatasetSplits } from "../../data/dataset.js";
import { loadParts, type DataParts, type LoadPartsOptions } from "../data/load-parts.js";
import type { PartSizes } from "../../data/folder-parts.js";
import type { DataFlags } from "./options.js";
import type { Output } from "./output.js";
import { Progress } from "./progress.js";

/** Loads a data set, with a progress bar for what has to be downloaded. */
export const loadData = (
  name: string,
  dataDir: string | undefined,
  output: Output,
): Promise<DatasetSplits> =>
  showingDownloads(output, (shown) => loadDataset(name, { dataDir, ...shown }));

/** Loads the images that a training uses, likewise. */
export const loadPartsOf = (
  data: string,
  sizes: PartSizes,
  flags: DataFlags & Pick<LoadPartsOptions, "transforms">,
  output: Output,
): Promise<DataParts> =>
  showingDownloads(output, (shown) => loadParts(data, sizes, { ...flags, ...shown }));

/** The functions that show the progress of a download and notices. */
type Shown = Required<Pick<LoadDatasetOptions, "onNotice" | "onProgress">>;

/** Runs `load` with a progress bar for its downloads. */
export async function showingDownloads<Result>(
  output: Output,
  load: (shown: Shown) => Promise<Result>,
): Promise<Result> {
  let current: { readonly file: string; readonly progress: Progress } | null = null;
  try {
    return await load({
      onNotice: (notice) => {
        current?.progress.clear();
        output.notice(notice);
      },
      onProgress: ({ file, receivedBytes, totalBytes }) => {
        if (totalBytes === null) return;
        if (current?.file !== file) {
          current?.progress.clear();
          current = { file, progress: new Progress(totalBytes) };
        }
        const size = `${(receivedBytes / 1e6).toFixed(1)} of ${(totalBytes / 1e6).toFixed(1)} MB`;
        current.progress.update(receivedBytes, [file, size]);
      },
    });
  } finally {
    (current as { readonly progress: Progress } | null)?.progress.clear();
  }
}
