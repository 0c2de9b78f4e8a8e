import {
  createExecutor,
  hostArray,
  Conv2d,
  Flatten,
  BatchNorm2d,
  Linear,
  parseConfig,
  findRecipe,
  randomKey,
  ReLU,
  Sequential,
  train,
  uniform,
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
    normalize: { mean: [0.5], std: [0.25] },
  });
  const part = (name: string, rows: number) => {
    const key = randomKey(7, name);
    const bytes = Uint8Array.from({ length: rows * 64 }, (_, i) => 256 * uniform(key, i));
    const labels = Int32Array.from({ length: rows }, (_, i) => i % 3);
    const data = {
      images: hostArray([rows, 8, 8, 1], bytes, "u8"),
      labels: hostArray([rows], labels, "i32"),
    };
    return { name, classes: ["a", "b", "c"], ...data };
  };
  const parts = { train: part("train", 24), valid: part("valid", 12) };
  const executor = await createExecutor("reference");
  const { epochs } = await train(config, parts, { executor, model });
  await executor.close();
  return epochs.flatMap(({ trainLoss, validLoss }) => [trainLoss, validLoss]);
}
