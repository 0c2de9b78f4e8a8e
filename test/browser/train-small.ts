import {
  createExecutor,
  hostArray,
  initialState,
  Conv2d,
  Flatten,
  BatchNorm2d,
  Linear,
  parseConfig,
  findRecipe,
  randomKey,
  ReLU,
  residentSource,
  Sequential,
  trainLoop,
  uniform,
  writeModelState,
  AdaptiveAvgPool2d,
} from "../../src/index.js";

/** Training and validation losses of a small network on random images, on the reference executor. */
export async function trainSmall(): Promise<number[]> {
  const model = new Sequential(
    new Conv2d(1, 4, 3, { padding: 1, bias: false }),
    new BatchNorm2d(4),
    new ReLU(),
    new AdaptiveAvgPool2d(),
    new Flatten(),
    new Linear(4, 3),
  );
  const config = parseConfig({
    ...findRecipe("fashion-resnet34").config,
    epochs: 3,
    batch: 8,
    learningRate: 0.05,
    schedule: "constant",
  });
  const executor = await createExecutor("reference");
  await writeModelState(executor, model, initialState(model, 1));
  const part = (name: string, rows: number) => {
    const key = randomKey(7, name);
    const bytes = Uint8Array.from({ length: rows * 64 }, (_, i) => 256 * uniform(key, i));
    const labels = Int32Array.from({ length: rows }, (_, i) => i % 3);
    const data = {
      images: hostArray([rows, 8, 8, 1], bytes, "u8"),
      labels: hostArray([rows], labels, "i32"),
    };
    return residentSource(executor, name, data, { mean: [0.5], std: [0.25] });
  };
  const parts = { train: await part("train", 24), valid: await part("valid", 12) };
  const losses: number[] = [];
  for await (const epoch of await trainLoop({ executor, model, config, ...parts }))
    losses.push(epoch.trainLoss, epoch.validLoss);
  await executor.close();
  return losses;
}
