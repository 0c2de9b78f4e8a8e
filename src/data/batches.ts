import { type HostArray, hostArray } from "../tensor/host-array.js";
import { type RandomKey, permutation, randomKey } from "../tensor/random.js";
import { DataError } from "./data-error.js";
import type { ImageBytes, ImageShape } from "./transforms/image-bytes.js";

/** The stream of random numbers that orders the rows of one epoch. */
export const shuffleKey = (seed: number, epoch: number): RandomKey =>
  randomKey(seed, "shuffle", epoch);

/**
 * The batches of one epoch, as arrays of row indices; the last is smaller when the rows do not
 * divide evenly, and is never dropped.
 *
 * @param rows the rows to visit
 * @param batchSize samples per batch, 1 or more
 * @param key the stream that shuffles the rows (`shuffleKey(seed, epoch)`); null keeps their order
 * @throws {DataError} `ERR_DATA_ROWS` if `batchSize` is not a whole number of 1 or more
 */
export function epochBatches(
  rows: Int32Array,
  batchSize: number,
  key: RandomKey | null,
): Int32Array[] {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw new DataError(
      "ERR_DATA_ROWS",
      `the batch size is ${batchSize} but takes a whole number of 1 or more`,
    );
  }
  const order = key ? permutation(key, rows.length).map((i) => rows[i]!) : rows;
  const batches = Math.ceil(rows.length / batchSize);
  return Array.from({ length: batches }, (_, i) => order.slice(i * batchSize, (i + 1) * batchSize));
}

/**
 * For each batch, how often the epoch has used each of its rows before: 0 unless rows repeat.
 *
 * @param rows number of rows in the data set
 */
export function earlierVisits(batches: readonly Int32Array[], rows: number): Int32Array[] {
  const visits = new Int32Array(rows);
  return batches.map((batch) => batch.map((row) => visits[row]!++));
}

/** Loads the image of a sample; aborting the signal cancels it. */
type LoadSample<Sample> = (sample: Sample, signal: AbortSignal) => Promise<ImageBytes>;

/** Batches that are prepared while another is in use. */
const batchesAhead = 2;

/**
 * Yields the images of each batch, u8 `[N, H, W, C]`, in order. It prepares at most two batches ahead, so that
 * memory holds four at most, and stops when the caller stops.
 *
 * @param batches the samples of each batch, such as their rows; read when the batch is started
 * @param shape the shape of every image that `load` returns
 * @param onCopied called with each image after its bytes were copied into the batch
 * @throws the error of `load`; if several samples of a batch fail, the error of the first
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
    batch.catch(() => {}); // the error is thrown when the batch is due
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
