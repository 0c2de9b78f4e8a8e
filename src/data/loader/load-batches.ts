import { hostArray, type HostArray } from "../../tensor/host-array.js";
import type { ImageBytes, ImageShape } from "../transforms/image-bytes.js";

/** Loads the image of a sample; the signal takes it back. */
export type LoadSample<Sample> = (sample: Sample, signal: AbortSignal) => Promise<ImageBytes>;

/** Batches in the making beside the one that is in use. */
const batchesAhead = 2;

/**
 * The images of each batch, u8 `[N, H, W, C]`, in order. Works two batches ahead and no further, whatever their number,
 * so that memory holds four at most, and stops where the caller does.
 *
 * @param batches the samples of each batch, such as their rows; asked for when its turn to be made comes
 * @param shape of every image that `load` gives
 * @throws what `load` throws; of several errors in a batch, that of the first sample
 */
export async function* loadBatches<Sample>(
  batches: Iterable<ArrayLike<Sample>>,
  shape: ImageShape,
  load: LoadSample<Sample>,
): AsyncGenerator<HostArray<"u8">, void> {
  const stop = new AbortController();
  const waiting = batches[Symbol.iterator]();
  const started: Promise<HostArray<"u8">>[] = [];
  const startNext = (): void => {
    const next = waiting.next();
    if (next.done) return;
    const batch = loadBatch(next.value, shape, (sample) => load(sample, stop.signal));
    batch.catch(() => {}); // it is thrown when its turn comes
    started.push(batch);
  };
  try {
    for (let i = 0; i <= batchesAhead; i++) startNext();
    while (started.length > 0) {
      yield await started.shift()!;
      startNext();
    }
  } finally {
    stop.abort(new Error("no longer needed"));
    await Promise.allSettled(started);
  }
}

async function loadBatch<Sample>(
  samples: ArrayLike<Sample>,
  { height, width, channels }: ImageShape,
  load: (sample: Sample) => Promise<ImageBytes>,
): Promise<HostArray<"u8">> {
  const imageBytes = height * width * channels;
  const data = new Uint8Array(samples.length * imageBytes);
  const loaded = await Promise.allSettled(
    Array.from(samples, async (sample, i) => data.set((await load(sample)).data, i * imageBytes)),
  );
  for (const result of loaded) if (result.status === "rejected") throw result.reason;
  return hostArray([samples.length, height, width, channels], data, "u8");
}
