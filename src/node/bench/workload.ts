import "../native/register.js";
import "../webgpu/register.js";
import { createExecutor } from "../../executors/create-executor.js";
import { type ProfiledExecutor, profiled } from "../../executors/profiled-executor.js";
import { createModel } from "../../models/catalog.js";
import { resnet152 } from "../../models/resnet.js";
import { plan } from "../../planner/plan.js";
import { hostArray } from "../../tensor/host-array.js";
import { randomKey, uniform } from "../../tensor/random.js";
import type { Precision } from "../../program/precision.js";
import { sgd } from "../../train/optimizers.js";
import { residentSource, residentTracer } from "../../train/sources/resident-source.js";
import { traceEvaluation, traceTrainStep } from "../../train/step.js";
import { initialState, writeModelState } from "../../checkpoint/model-state.js";
import { type BenchRow, classesOf, imageOf } from "./bench-row.js";
import { spreadOf } from "./compare-row.js";
import type { BenchExecutor } from "./rivals.js";

/** A row, ready to run. */
interface Workload {
  readonly executor: ProfiledExecutor;
  /** One training step, or one forward pass. */
  readonly step: () => Promise<unknown>;
}

/** Plans the row's program and fills weights, random images and labels. */
export async function prepareWorkload(
  row: BenchRow,
  precision: Precision,
  on: BenchExecutor,
): Promise<Workload> {
  const [channels, height, width] = imageOf(row);
  const { batch, pass } = row;
  const classes = classesOf(row);
  const model = createModel(row.model, { classes, channels });
  const executor = profiled(await createExecutor(on.executor, on));
  const key = randomKey(1, "bench");
  const bytes = Uint8Array.from({ length: batch * height * width * channels }, (_, i) =>
    Math.floor(256 * uniform(key, i)),
  );
  const labels = Int32Array.from({ length: batch }, (_, i) => i % classes);
  const data = {
    images: hostArray([batch, height, width, channels], bytes, "u8"),
    labels: hostArray([batch], labels, "i32"),
  };
  const half = Array<number>(channels).fill(0.5);
  const source = await residentSource(executor, "bench", data, { mean: half, std: half });
  const graph =
    pass === "train"
      ? traceTrainStep(model, {
          source,
          batchSize: batch,
          optimizer: sgd({ momentum: 0.9 }),
          precision,
        })
      : traceEvaluation(model, source, batch, precision);
  const program = await executor.load(plan(row.name, graph, executor.traits));
  await writeModelState(executor, model, initialState(model, 1));
  const indices = hostArray(
    [batch],
    Int32Array.from({ length: batch }, (_, i) => i),
    "i32",
  );
  const registers = pass === "train" ? { learningRate: 0.001, momentum: 0.9 } : {};
  return { executor, step: () => program.run({ indices, ...registers }) };
}

/**
 * Measures the longest wait before a first step: constructing, tracing, differentiating and planning a training step
 * of ResNet-152 for 3x224x224 images in batches of 32. Returns milliseconds, the median of three after a warm-up.
 */
export function planningMilliseconds(): number {
  const normalize = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
  const source = residentTracer("bench", [32, 224, 224, 3], normalize);
  const times = Array.from({ length: 4 }, () => {
    const start = performance.now();
    const optimizer = sgd({ momentum: 0.9 });
    plan("train-step", traceTrainStep(resnet152(), { source, batchSize: 32, optimizer }));
    return performance.now() - start;
  });
  return spreadOf(times.slice(1)).median;
}
