import { parseTransforms } from "../../data/transforms/transform-text.js";
import { epochBatches } from "../../data/batches.js";
import { NativeExecutor } from "../native/native-executor.js";
import { createModel } from "../../models/catalog.js";
import { plan } from "../../planner/plan.js";
import { hostArray } from "../../tensor/host-array.js";
import { randomKey, uniform } from "../../tensor/random.js";
import { residentSource } from "../../train/sources/resident-source.js";
import { initialState, writeModelState } from "../../checkpoint/model-state.js";
import { sgd } from "../../train/optimizers.js";
import { traceTrainStep } from "../../train/step.js";
import { spreadOf } from "./compare-row.js";

/** Measures how long a training waits for its next batch. */
export interface DataWait {
  /** Transforms of the images. */
  readonly transforms: string;
  /** Median time of a step, in milliseconds. */
  readonly stepMilliseconds: number;
  /** Time from the end of one step to the start of the next, as a fraction of the whole, 0 … 1. */
  readonly fraction: number;
}

/** CIFAR's augmentation and stronger ones; the last runs on the host. */
export const augmentations: readonly string[] = [
  "none",
  "randomCrop(32, padding=4) randomHorizontalFlip",
  "randomCrop(32, padding=4) randomHorizontalFlip cutout(16)",
  "randAugment randomCrop(32, padding=4) randomHorizontalFlip",
];

const batch = 128;
const rows = 50_000;

/** Trains ResNet-20 for some steps on as many random images as CIFAR-10 has, in batches of 128. */
export async function measureDataWait(
  transforms: string,
  steps: number,
  threads?: number,
): Promise<DataWait> {
  const executor = new NativeExecutor({ threads });
  try {
    const key = randomKey(1, "bench");
    const bytes = Uint8Array.from({ length: rows * 3072 }, (_, i) => (i * 2654435761) >>> 24);
    const labels = Int32Array.from({ length: rows }, (_, i) => Math.floor(10 * uniform(key, i)));
    const half = [0.5, 0.5, 0.5];
    const source = await residentSource(
      executor,
      "bench",
      {
        images: hostArray([rows, 32, 32, 3], bytes, "u8"),
        labels: hostArray([rows], labels, "i32"),
      },
      { mean: half, std: half, transforms: parseTransforms(transforms) },
    );
    const model = createModel("cifar-resnet20", { classes: 10, channels: 3 });
    await writeModelState(executor, model, initialState(model, 1));
    const optimizer = sgd({ momentum: 0.9 });
    const graph = traceTrainStep(model, { source, batchSize: batch, optimizer });
    const program = await executor.load(plan("train-step", graph));

    const all = Int32Array.from({ length: rows }, (_, i) => i);
    const batches = epochBatches(all, batch, key).slice(0, steps + 3);
    const times: number[] = [];
    const waits: number[] = [];
    let ended = performance.now();
    for await (const inputs of source.batches(batches, key)) {
      const started = performance.now();
      await program.run({ ...inputs, learningRate: 0.001, momentum: 0.9 });
      waits.push(started - ended);
      ended = performance.now();
      times.push(ended - started);
    }
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
    const [waited, worked] = [sum(waits.slice(3)), sum(times.slice(3))]; // after the warm-up
    return {
      transforms,
      stepMilliseconds: spreadOf(times.slice(3)).median,
      fraction: waited / (waited + worked),
    };
  } finally {
    await executor.close();
  }
}

/** Formats a line of the table. */
export const formatDataWait = ({ transforms, stepMilliseconds, fraction }: DataWait): string =>
  `${(100 * fraction).toFixed(2).padStart(6)} % waiting   ${stepMilliseconds.toFixed(1)} ms a step   ${transforms}`;
