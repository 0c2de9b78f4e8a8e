import { hostArray, type HostArray } from "../tensor/host-array.js";
import type { ImageBytes, ImageShape } from "./transforms/image-bytes.js";

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
 * @param onCopied called with each image whose bytes are in its batch, and which nobody reads any more
 * @throws what `load` throws; of several errors in a batch, that of the first sample
 */
export async function* loadBatches<Sample>(
  batches: Iterable<ArrayLike<Sample>>,
  shape: ImageShape,
  load: LoadSample<Sample>,
  onCopied?: (image: ImageBytes) => void,
): AsyncGenerator<HostArray<"u8">, void> {
  const stop = new AbortController();
  const waiting = batches[Symbol.iterator]();
  const started: Promise<HostArray<"u8">>[] = [];
  const startNext = (): void => {
    const next = waiting.next();
    if (next.done) return;
    const batch = loadBatch(next.value, shape, async (sample, place) => {
      const image = await load(sample, stop.signal);
      place.set(image.data);
      onCopied?.(image);
    });
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
  fill: (sample: Sample, place: Uint8Array) => Promise<void>,
): Promise<HostArray<"u8">> {
  const imageBytes = height * width * channels;
  const data = new Uint8Array(samples.length * imageBytes);
  const loaded = await Promise.allSettled(
    Array.from(samples, (sample, i) =>
      fill(sample, data.subarray(i * imageBytes, (i + 1) * imageBytes)),
    ),
  );
  for (const result of loaded) if (result.status === "rejected") throw result.reason;
  return hostArray([samples.length, height, width, channels], data, "u8");
}
