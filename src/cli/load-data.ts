import type { DatasetSplits } from "../data/dataset.js";
import { loadDataset } from "../data/load-dataset.js";
import type { Output } from "./output.js";
import { Progress } from "./progress.js";

/** Loads a data set, with a progress bar for what has to be downloaded. */
export async function loadData(
  name: string,
  dataDir: string | undefined,
  output: Output,
): Promise<DatasetSplits> {
  let current: { readonly file: string; readonly progress: Progress } | null = null;
  try {
    return await loadDataset(name, {
      dataDir,
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
