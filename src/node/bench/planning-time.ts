import { resnet152 } from "../../models/resnet.js";
import { plan } from "../../planner/plan.js";
import { residentTracer } from "../../train/sources/resident-source.js";
import { sgd } from "../../train/optimizers.js";
import { traceTrainStep } from "../../train/step.js";
import { spreadOf } from "./spread.js";

/**
 * What a user waits for before the first step, at its longest: making, tracing, differentiating and planning a training
 * step of ResNet-152 for 3x224x224 images in batches of 32. Milliseconds, median of three after a warm-up.
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
