import { hostArray, type HostArray } from "../../tensor/host-array.js";
import type { ImageBytes, ImageShape } from "../transforms/image-bytes.js";

/** Loads the image of a row; the signal takes it back. */
export type LoadRow = (row: number, signal: AbortSignal) => Promise<ImageBytes>;

/** Batches in the making beside the one that is in use. */
const batchesAhead = 2;

/**
 * The images of each batch, u8 `[N, H, W, C]`, in order. Works two batches ahead and no further, whatever their number,
 * so that memory holds four at most, and stops where the caller does.
 *
 * @param batches the rows of each batch
 * @param shape of every image that `load` gives
 * @throws what `load` throws; of several errors in a batch, that of the first row
 */
export async function* loadBatches(
  batches: readonly Int32Array[],
  shape: ImageShape,
  load: LoadRow,
): AsyncGenerator<HostArray<"u8">, void> {
  const stop = new AbortController();
  const started: Promise<HostArray<"u8">>[] = [];
  let next = 0;
  try {
    for (let i = 0; i < batches.length; i++) {
      while (next < batches.length && next <= i + batchesAhead) {
        const batch = loadBatch(batches[next++]!, shape, (row) => load(row, stop.signal));
        batch.catch(() => {}); // it is thrown when its turn comes
        started.push(batch);
      }
      yield await started.shift()!;
    }
  } finally {
    stop.abort(new Error("no longer needed"));
    await Promise.allSettled(started);
  }
}

async function loadBatch(
  rows: Int32Array,
  { height, width, channels }: ImageShape,
  load: (row: number) => Promise<ImageBytes>,
): Promise<HostArray<"u8">> {
  const imageBytes = height * width * channels;
  const data = new Uint8Array(rows.length * imageBytes);
  const loaded = await Promise.allSettled(
    Array.from(rows, async (row, i) => data.set((await load(row)).data, i * imageBytes)),
  );
  for (const result of loaded) if (result.status === "rejected") throw result.reason;
  return hostArray([rows.length, height, width, channels], data, "u8");
}
