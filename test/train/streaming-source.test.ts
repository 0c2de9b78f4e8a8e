// Training on files that stream: bit for bit what training on the same images in memory gives.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Dataset } from "../../src/data/dataset.js";
import type { ImageFiles } from "../../src/data/image-files.js";
import { readImageFolder } from "../../src/node/data/images/image-folder.js";
import { ImageWorkers } from "../../src/node/data/loader/image-workers.js";
import { loadImage } from "../../src/node/data/loader/load-image.js";
import { parseTransforms } from "../../src/data/transforms/transform-text.js";
import type { Transform } from "../../src/data/transforms/transform.js";
import type { Executor } from "../../src/executors/executor.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { parseConfig } from "../../src/train/config/config.js";
import { Evaluator } from "../../src/train/evaluate.js";
import { initialState, writeModelState } from "../../src/checkpoint/model-state.js";
import { findRecipe } from "../../src/train/recipes.js";
import { imageFileOpener, streamingSource } from "../../src/node/train/image-file-opener.js";
import type { FileOpener } from "../../src/train/sources/image-sources.js";
import { train as trainImages, type TrainData } from "../../src/train/train.js";
import { nativeExecutors, reference } from "../helpers/executors.js";
import { writeImageFolder } from "../helpers/image-folder.js";
import { TinyModel } from "../helpers/tiny-model.js";

const normalize = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.2] };
const resize: Transform = { type: "resize", size: [8, 7], interpolation: "bilinear" };
const transforms = {
  train: parseTransforms("resize([8, 7]) randomCrop([6, 5]) randomHorizontalFlip"),
  eval: parseTransforms("resize([8, 7]) centerCrop([6, 5])"),
};
const config = parseConfig({
  ...findRecipe("fashion-resnet34").config,
  normalize,
  epochs: 2,
  batch: 4,
  learningRate: 0.05,
});

/** The same images, in memory: of one size, which resizing leaves as it is. */
async function inMemory({ files, labels, classes }: ImageFiles): Promise<Dataset> {
  const images = hostArray([files.length, 8, 7, 3], undefined, "u8");
  for (const [row, file] of files.entries()) {
    const task = { file, channels: 3, transforms: [resize], key: null, shape: null } as const;
    images.data.set((await loadImage(task)).data, row * 168);
  }
  return { name: "memory", images, labels: hostArray([files.length], labels, "i32"), classes };
}

async function train(executor: Executor, data: TrainData, files?: FileOpener): Promise<unknown> {
  const model = new TinyModel(3);
  const settings = { ...config, transforms };
  const weights = initialState(model, 1);
  const options = { executor, model, weights, ...(files && { files }) };
  const { epochs, ...result } = await trainImages(settings, data, options);
  const metrics = epochs.map((line) => ({ ...line, seconds: 0, imagesPerSecond: 0, waiting: 0 }));
  return { metrics, weights: result.weights };
}

describe("streamingSource", () => {
  for (const { name, create } of [reference, ...nativeExecutors.slice(0, 1)]) {
    test(`trains as images in memory do, with any number of workers: ${name}`, async (t) => {
      const folder = await readImageFolder(await writeImageFolder(t));
      const resident = create();
      const expected = await train(resident, {
        train: await inMemory(folder.train),
        valid: await inMemory(folder.valid!),
      });
      await resident.close();
      for (const workers of [1, 2]) {
        const executor = create();
        const data = { train: folder.train, valid: folder.valid! };
        assert.deepEqual(await train(executor, data, imageFileOpener({ workers })), expected);
        await executor.close();
      }
    });
  }

  test("refuses transforms that leave images of different sizes", async (t) => {
    const { train: images } = await readImageFolder(await writeImageFolder(t));
    const workers = new ImageWorkers(1);
    t.after(() => workers.close());
    const shorter = parseTransforms("resize(6)");
    const options = {
      transforms: { ...transforms, eval: shorter },
      normalize,
      channels: 3,
    } as const;
    assert.throws(() => streamingSource(workers, images, options), {
      code: "ERR_DATA_TRANSFORM",
      message:
        /^the transforms \(resize\(6\)\) leave photographs of different sizes, such as 6 x 9 and 12 x 6/,
    });
  });

  test("ends an evaluation with the error of a file that is gone", async (t) => {
    const { train: images } = await readImageFolder(await writeImageFolder(t));
    const files = [...images.files.slice(0, 6), "/none/gone.png", ...images.files.slice(7)];
    const workers = new ImageWorkers(2);
    const executor = reference.create();
    t.after(() => Promise.all([workers.close(), executor.close()]));
    const options = { transforms, normalize, channels: 3 } as const;
    const source = streamingSource(workers, { ...images, files }, options);
    const model = new TinyModel(3);
    await writeModelState(executor, model, initialState(model, 1));
    const evaluator = await Evaluator.create(source, { executor, model, batch: 4 });
    await assert.rejects(evaluator.evaluate(), {
      code: "ERR_DATA_SOURCE",
      message: "/none/gone.png: there is no such file",
    });
  });
});
