import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { readImageFolder } from "../data/images/image-folder.js";
import { Rival, type RivalCommand, type RunTimes } from "./rivals.js";
import { spreadOf } from "./compare-row.js";

/** The transforms and batch size of all loaders, as in `tools/bench_loader.py`. */
export const loaderTransforms = "randomResizedCrop(224) randomHorizontalFlip";
export const loaderBatch = 32;

/** A loader's answer to `run K`, for K epochs. */
export interface LoaderTimes extends RunTimes {
  /** Processor time of all threads and processes, summed over the epochs. */
  readonly processorMilliseconds: number;
  /** In one epoch. */
  readonly images: number;
}

export interface LoaderResult {
  readonly name: string;
  readonly images: number;
  /** In the median epoch. */
  readonly imagesPerSecond: number;
  /** For an image, the median over the epochs. */
  readonly processorMilliseconds: number;
  /** Largest resident set after each epoch; for a loader with several processes, of the first one only. */
  readonly peakBytes: readonly number[];
}

export interface LoaderOptions {
  readonly workers: number;
  /** Epochs of each, after the first. */
  readonly rounds: number;
  /** A Python with torch, numpy and Pillow, which is measured too. */
  readonly python: string | undefined;
}

/**
 * Loads the training images of a folder without the cache, with it, and with PyTorch's `DataLoader` and Pillow, in
 * turn, epoch by epoch. Our batches are bytes, which the first kernel of a step normalizes; PyTorch's are normalized
 * floats, and in a second measurement bytes.
 *
 * @throws {DataError} the codes of `readImageFolder`
 * @throws {ResnetError} `ERR_RIVAL` if a loader ends too early; its output may say why
 */
export async function measureLoaders(
  folder: string,
  options: LoaderOptions,
): Promise<readonly LoaderResult[]> {
  await readImageFolder(folder); // whose errors are clearer than those of another process
  const cache = await mkdtemp(path.join(tmpdir(), "resnet-ts-bench-cache-"));
  const rivals: Rival[] = [];
  const answers = new Map<Rival, LoaderTimes[]>();
  try {
    for (const command of loaders(folder, cache, options)) rivals.push(await Rival.start(command));
    for (let round = 0; round < options.rounds; round++) {
      for (const rival of rivals) {
        const answer = await rival.ask<LoaderTimes>("run 1");
        answers.set(rival, [...(answers.get(rival) ?? []), answer]);
      }
    }
  } finally {
    for (const rival of rivals) await rival.close();
    await rm(cache, { recursive: true });
  }
  return rivals.map((rival) => resultOf(rival.name, answers.get(rival)!));
}

function loaders(
  folder: string,
  cache: string,
  { workers, python }: LoaderOptions,
): readonly RivalCommand[] {
  const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
  const args = [here("./serve-loader.js"), folder, String(workers)];
  const peer = [here("../../../tools/bench_loader.py"), folder, String(workers)];
  return [
    { name: "resnet-ts", command: process.execPath, args },
    { name: "resnet-ts with cache", command: process.execPath, args: [...args, cache] },
    ...(python === undefined
      ? []
      : [
          { name: "PyTorch", command: python, args: peer },
          { name: "PyTorch, bytes", command: python, args: [...peer, "bytes"] },
        ]),
  ];
}

/** @param epochs answers about one epoch each */
function resultOf(name: string, epochs: readonly LoaderTimes[]): LoaderResult {
  const { images } = epochs[0]!;
  const milliseconds = spreadOf(epochs.flatMap((epoch) => epoch.milliseconds)).median;
  const processor = spreadOf(epochs.map((epoch) => epoch.processorMilliseconds)).median;
  return {
    name,
    images,
    imagesPerSecond: (1000 * images) / milliseconds,
    processorMilliseconds: processor / images,
    peakBytes: epochs.map(({ peakBytes }) => peakBytes),
  };
}

/** Formats a line of the table. */
export function formatLoader(result: LoaderResult): string {
  const megabytes = (bytes = 0): string => (bytes / 2 ** 20).toFixed(0);
  return (
    `${result.name.padEnd(20)} ${result.imagesPerSecond.toFixed(0).padStart(6)} images/s` +
    `${result.processorMilliseconds.toFixed(2).padStart(8)} ms of processor time each` +
    `   peak ${megabytes(result.peakBytes[0])} MiB, at the end ${megabytes(result.peakBytes.at(-1))} MiB`
  );
}
