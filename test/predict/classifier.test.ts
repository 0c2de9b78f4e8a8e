// What a checkpoint says of pictures, against the module evaluated on the same pixels, and against formulae.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import "../../src/node/native/register.js";
import type { DataError } from "../../src/data/data-error.js";
import { decodeImage } from "../../src/node/data/images/decode-image.js";
import { findImages } from "../../src/node/data/images/find-images.js";
import { composeTransforms } from "../../src/data/transforms/compose-transforms.js";
import { createExecutor } from "../../src/executors/create-executor.js";
import type { Tensor } from "../../src/graph/tensor.js";
import { sourceOf } from "../../src/interop/write-safetensors.js";
import { BasicBlock } from "../../src/models/blocks.js";
import { Conv2d } from "../../src/nn/conv2d.js";
import { Flatten } from "../../src/nn/flatten.js";
import { Linear } from "../../src/nn/linear.js";
import { Module } from "../../src/nn/module.js";
import { AdaptiveAvgPool2d } from "../../src/nn/pooling.js";
import { Classifier } from "../../src/node/predict/classifier.js";
import { features, type Features } from "../../src/predict/features.js";
import { gradCam } from "../../src/predict/grad-cam.js";
import { Classifier as PortableClassifier } from "../../src/predict/classifier.js";
import type { ImageDecoder, Picture, Pixels } from "../../src/predict/picture.js";
import { inputSpecs } from "../../src/program/input-specs.js";
import { predict, type Prediction } from "../../src/predict/predict.js";
import { countParameters } from "../../src/report/model-summary.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { writeCheckpoint } from "../../src/node/runs/checkpoint-file.js";
import { forward } from "../../src/train/forward.js";
import { exportModel } from "../../src/checkpoint/export-model.js";
import { modelOf } from "../../src/checkpoint/model-variant.js";
import { initialState } from "../../src/checkpoint/model-state.js";
import { writeTestCheckpoint, type WrittenCheckpoint } from "../helpers/checkpoint.js";
import { writeImageFolder } from "../helpers/image-folder.js";

async function open(t: TestContext) {
  const written = await writeTestCheckpoint(t);
  const executor = await createExecutor("auto");
  t.after(() => executor.close());
  const folder = await writeImageFolder(t, { val: 3 });
  return { ...written, folder, classifier: await Classifier.open(written.file, executor) };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Logits of a file, by the module itself in the reference executor. */
async function logitsOf(
  file: string,
  { description, state }: Omit<WrittenCheckpoint, "file">,
  model: Module = modelOf(description),
): Promise<ArrayLike<number>> {
  const { shape, data } = await decodeImage(file, 3);
  const transform = composeTransforms(description.transforms ?? []);
  const made = transform({ height: shape[0]!, width: shape[1]!, channels: 3, data }, null);
  const x = hostArray([1, 3, 20, 20]);
  const { mean, std } = description.normalize;
  for (let i = 0; i < 400; i++)
    for (let c = 0; c < 3; c++)
      x.data[400 * c + i] = (made.data[3 * i + c]! / 255 - mean[c]!) / std[c]!;
  return (await forward(model, x, { state, executor: "reference" })).data;
}

/** A network that the catalogue does not have: a stem of its own. */
class OwnStem extends Module {
  readonly stem = new Conv2d(3, 8, 5, { stride: 2, padding: 2 });
  readonly block = new BasicBlock(8, 8);
  readonly avgpool = new AdaptiveAvgPool2d();
  readonly flatten = new Flatten();
  readonly fc = new Linear(8, 3);
  protected override forward(x: Tensor): Tensor {
    const y = this.block.call(this.stem.call(x));
    return this.fc.call(this.flatten.call(this.avgpool.call(y)));
  }
}

test("a network of one's own is saved, opened, shown pictures and exported", async (t) => {
  const { file, description, folder } = await open(t);
  const model = new OwnStem();
  const state = initialState(model, 5);
  const own = { ...description, model: "own" };
  await writeCheckpoint(file, own, sourceOf(state));
  const executor = await createExecutor("auto");
  t.after(() => executor.close());
  await assert.rejects(Classifier.open(file, executor), { code: "ERR_MODEL" });
  const classifier = await Classifier.open(file, executor, { model });
  const [image = ""] = await findImages([folder]);
  const [prediction] = await collect(predict(classifier, [image]));
  const logits = Array.from(await logitsOf(image, { description, state }, model));
  assert.equal(prediction!.top[0]!.index, logits.indexOf(Math.max(...logits)));
  const onnx = await exportModel(own, state, { format: "onnx", model });
  assert.ok(onnx.length > 4 * countParameters(model));
});

describe("predict", () => {
  test("gives the module's own probabilities, whatever the batch", async (t) => {
    const { classifier, folder, ...written } = await open(t);
    const files = await findImages([folder]);
    assert.equal(files.length, 9);
    const byTwo = await collect(predict(classifier, files, { top: 2, batch: 2 }));
    const atOnce = await collect(predict(classifier, files));
    assert.deepEqual(
      byTwo.map(({ image }) => image),
      files,
    );
    for (const [i, { image, top }] of atOnce.entries()) {
      const logits = Array.from(await logitsOf(image, written));
      const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
      assert.equal(top.length, 3);
      for (const { label, index, probability } of top) {
        assert.equal(label, written.description.classes[index]);
        const difference = Math.abs(probability - Math.exp(logits[index]!) / sum);
        assert.ok(difference < 1e-5, `${probability} differs by ${difference}`);
      }
      assert.ok(top[0]!.probability >= top[1]!.probability);
      assert.deepEqual(
        byTwo[i]!.top.map(({ index }) => index),
        top.slice(0, 2).map(({ index }) => index),
      );
    }
  });

  test("goes on past files that are no images, or ends with the first", async (t) => {
    const { classifier, folder } = await open(t);
    const broken = path.join(folder, "val/a/1.png");
    writeFileSync(broken, "no image");
    const files = await findImages([`${folder}/val/a`]);
    const seen: DataError[] = [];
    const options = { batch: 2, onUnreadable: (error: DataError) => void seen.push(error) };
    const predictions: Prediction[] = await collect(predict(classifier, files, options));
    assert.deepEqual(
      predictions.map(({ image }) => path.basename(image)),
      ["0.png", "2.png"],
    );
    assert.equal(seen.length, 1);
    await assert.rejects(collect(predict(classifier, files)), { code: "ERR_DATA_IMAGE" });
  });

  test("resizes where the transforms leave another size", async (t) => {
    const { classifier, folder } = await open(t);
    const narrow = { ...classifier.description, transforms: [] };
    Object.assign(classifier, { description: narrow });
    const predictions = await collect(predict(classifier, await findImages([folder])));
    assert.equal(predictions.length, 9);
  });
});

describe("a classifier", () => {
  test("answers alike for a path, the bytes of the file, and its pixels", async (t) => {
    const { classifier, folder } = await open(t);
    const [file = ""] = await findImages([folder]);
    const { shape, data } = await decodeImage(file, 3);
    const [height = 0, width = 0] = shape;
    const rgba = new Uint8ClampedArray(height * width * 4).fill(77);
    for (const [i, value] of data.entries()) rgba[4 * Math.floor(i / 3) + (i % 3)] = value;
    const pictures: Picture[] = [
      file,
      new Uint8Array(readFileSync(file)),
      { width, height, data: data as Uint8Array },
      { width, height, data: rgba },
    ];
    const made = await collect(predict(classifier, pictures));
    assert.deepEqual(
      made.map(({ image }) => image),
      pictures,
    );
    for (const { top } of made) assert.deepEqual(top, made[0]!.top);
    const maps = await Promise.all(pictures.map((picture) => gradCam(classifier, picture)));
    for (const { heat } of maps) assert.deepEqual(heat, maps[0]!.heat);
  });

  const bytes = new Uint8Array(24);
  const impossible: readonly (readonly [string, Pixels, string])[] = [
    [
      "too few values",
      { width: 3, height: 3, data: bytes.subarray(1) },
      "23 values are given for 3 x 3 pixels: give 1 (grey), 3 (RGB) or 4 (RGBA) for each pixel",
    ],
    ...(
      [
        [0, 0],
        [-2, -3],
        [2.5, 4],
        [NaN, 1],
      ] as const
    ).map(
      ([width, height]) =>
        [
          `a size of ${height} x ${width}`,
          { width, height, data: bytes },
          `its size is ${height} x ${width} pixels: give a height and a width that are whole numbers above 0`,
        ] as const,
    ),
    [
      "values that are not bytes",
      { width: 2, height: 3, data: new Float32Array(24) as unknown as Uint8Array },
      "its pixels are not bytes: give a Uint8Array or a Uint8ClampedArray",
    ],
  ];
  for (const [what, pixels, finding] of impossible) {
    test(`refuses pixels with ${what}`, async (t) => {
      const { classifier } = await open(t);
      const error = { code: "ERR_INPUT", message: `picture 0: ${finding}` };
      await assert.rejects(collect(predict(classifier, [pixels])), error);
      await assert.rejects(gradCam(classifier, pixels), error);
    });
  }

  test("opens the bytes of a checkpoint, and checks their checksum", async (t) => {
    const { file, description, state } = await open(t);
    await writeCheckpoint(file, description, sourceOf(state));
    const checkpoint = new Uint8Array(readFileSync(file));
    const executor = await createExecutor("auto");
    t.after(() => executor.close());
    const picture = { width: 20, height: 20, data: new Uint8Array(1200).map((_, i) => i) };
    const made: unknown[] = [];
    for (const source of [file, checkpoint]) {
      const classifier = await Classifier.open(source, executor);
      made.push(await collect(predict(classifier, [picture])));
      await classifier.close();
    }
    assert.deepEqual(made[1], made[0]);
    checkpoint[checkpoint.length - 1]! ^= 1;
    await assert.rejects(PortableClassifier.open(checkpoint, executor), {
      code: "ERR_CHECKPOINT",
      message:
        "the checkpoint: its checksum is not that of its contents: it was damaged or changed after it was written",
    });
    assert.equal(executor.states().size, 0, "what was loaded of it is freed");
  });

  test("of the portable core takes files only with a decoder", async (t) => {
    const { file, folder } = await open(t);
    const executor = await createExecutor("auto");
    t.after(() => executor.close());
    const bytes = readFileSync(file);
    const [image = ""] = await findImages([folder]);
    const bare = await PortableClassifier.open(bytes, executor);
    for (const [picture, name] of [[image, image] as const, [bytes, "picture 0"] as const]) {
      await assert.rejects(collect(predict(bare, [picture])), {
        code: "ERR_INPUT",
        message: `${name}: image files are not decoded here: give pixels, such as ImageData, or open the classifier with a decoder ({ decode })`,
      });
    }
    const asked: unknown[] = [];
    const decode: ImageDecoder = async (source, channels, name) => {
      asked.push([source, channels, name]);
      return { width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    };
    const able = await PortableClassifier.open(bytes, executor, { decode });
    assert.equal((await collect(predict(able, [image]))).length, 1);
    assert.deepEqual(asked, [[image, 3, image]]);
  });

  test("plans once for each outputs and batch size", async (t) => {
    const { file, folder } = await open(t);
    const executor = await createExecutor("auto");
    t.after(() => executor.close());
    const loads: string[] = [];
    const load = executor.load.bind(executor);
    executor.load = (program) => {
      loads.push(program.name);
      return load(program);
    };
    const classifier = await Classifier.open(file, executor);
    const files = await findImages([folder]);
    const twice = async (use: () => Promise<unknown>): Promise<number> => {
      const before = loads.length;
      const first = await use();
      const planned = loads.length - before;
      assert.deepEqual(await use(), first);
      assert.equal(loads.length, before + planned, "the second time plans nothing");
      return planned;
    };
    assert.equal(await twice(() => collect(predict(classifier, files, { batch: 4 }))), 2);
    assert.equal(await twice(() => collect(features(classifier, files, { batch: 9 }))), 1);
    const ofLayer = { batch: 9, layer: "layer1" };
    assert.equal(await twice(() => collect(features(classifier, files, ofLayer))), 1);
    // The batch of one that 9 pictures by four leave has planned the logits already.
    assert.equal(await twice(() => gradCam(classifier, files[0]!)), 1);
    assert.equal(await twice(() => gradCam(classifier, files[0]!, { layer: "layer2" })), 1);
  });

  test("keeps the eight programs that were used last", async (t) => {
    const { file } = await open(t);
    const executor = await createExecutor("auto");
    t.after(() => executor.close());
    const [loads, closes]: [number[], number[]] = [[], []];
    const load = executor.load.bind(executor);
    executor.load = async (program) => {
      const loaded = await load(program);
      const size = inputSpecs(program).get("images")!.shape[0]!;
      loads.push(size);
      return {
        ...loaded,
        close: () => {
          closes.push(size);
          return loaded.close();
        },
      };
    };
    const classifier = await Classifier.open(file, executor);
    const pixels = { width: 20, height: 20, data: new Uint8Array(1200) };
    const show = (count: number): Promise<unknown> =>
      collect(predict(classifier, new Array<Pixels>(count).fill(pixels)));
    for (const count of [1, 2, 3, 4, 5, 6, 7, 8, 1, 9]) await show(count);
    assert.deepEqual(loads, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.deepEqual(closes, [2], "1 was used again, and so 2 was used longest ago");
    await show(1);
    assert.equal(loads.length, 9);
    await Promise.all([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map(show)); // more at once than are kept
  });

  test("ends with the signal's reason", async (t) => {
    const { classifier, folder } = await open(t);
    const files = await findImages([folder]);
    const stop = new AbortController();
    const reason = new Error("enough");
    const seen: string[] = [];
    const all = async (): Promise<void> => {
      for await (const { image } of predict(classifier, files, { batch: 1, signal: stop.signal })) {
        seen.push(image);
        if (seen.length === 2) stop.abort(reason);
      }
    };
    await assert.rejects(all(), reason);
    assert.deepEqual(seen, files.slice(0, 2));
    await assert.rejects(collect(predict(classifier, files, { signal: stop.signal })), reason);
    assert.equal((await collect(predict(classifier, files))).length, 9);
  });

  test("ends a map with the signal's reason, before its next program", async (t) => {
    const { classifier, folder } = await open(t);
    const [file = ""] = await findImages([folder]);
    const reason = new Error("enough");
    await assert.rejects(gradCam(classifier, file, { signal: AbortSignal.abort(reason) }), reason);
    const computed: string[] = [];
    const compute = classifier.compute.bind(classifier);
    const stop = new AbortController();
    classifier.compute = async (wanted, ...rest) => {
      computed.push(wanted.name);
      if (computed.length === 1) stop.abort(reason);
      return compute(wanted, ...rest);
    };
    await assert.rejects(gradCam(classifier, file, { signal: stop.signal }), reason);
    assert.deepEqual(computed, ["logits"]);
    assert.equal((await gradCam(classifier, file)).layer, "layer3");
  });

  test("frees its weights at the end of its scope and refuses later calls", async (t) => {
    const { file, folder } = await open(t);
    const executor = await createExecutor("auto");
    t.after(() => executor.close());
    const files = await findImages([folder]);
    const classifier = await Classifier.open(file, executor);
    assert.equal((await collect(predict(classifier, files))).length, 9);
    assert.ok(executor.states().size > 0);
    await classifier[Symbol.asyncDispose]();
    assert.equal(executor.states().size, 0);
    await assert.rejects(collect(predict(classifier, files)), { code: "ERR_CLOSED" });
    await assert.rejects(gradCam(classifier, files[0]!), { code: "ERR_CLOSED" });
    await classifier.close();
    const another = await Classifier.open(file, executor);
    assert.equal((await collect(predict(another, files))).length, 9);
  });
});

describe("features", () => {
  test("the embedding times the classifier's weights is the logits", async (t) => {
    const { classifier, folder, ...written } = await open(t);
    const [file = ""] = await findImages([folder]);
    const [embedding] = await collect(features(classifier, [file]));
    assert.deepEqual(embedding!.values.shape, [64]);
    const [weight, bias] = ["linear.weight", "linear.bias"].map((name) => written.state.get(name)!);
    const logits = Array.from(
      bias!.data,
      (b, j) =>
        b + embedding!.values.data.reduce((sum, x, k) => sum + x * weight!.data[64 * j + k]!, 0),
    );
    const expected = Array.from(await logitsOf(file, written));
    for (const [j, logit] of logits.entries())
      assert.ok(Math.abs(logit - expected[j]!) < 1e-4, `${logit} and ${expected[j]}`);
  });

  test("a map's mean over its pixels is what the pooling makes of it", async (t) => {
    const { classifier, folder } = await open(t);
    const files = await findImages([folder]);
    const maps = await collect(features(classifier, files, { layer: "layer3", batch: 4 }));
    const pooled = await collect(features(classifier, files, { batch: 9 }));
    assert.deepEqual(maps[0]!.values.shape, [64, 5, 5]);
    for (const [i, map] of maps.entries())
      for (const [c, mean] of meanOf(map).entries())
        assert.ok(Math.abs(mean - pooled[i]!.values.data[c]!) < 1e-5, `sample ${i}, channel ${c}`);
  });

  test("names the layers that there are", async (t) => {
    const { classifier, folder } = await open(t);
    const files = await findImages([folder]);
    await assert.rejects(collect(features(classifier, files, { layer: "layer9" })), {
      code: "ERR_LAYER",
      message:
        /^no layer is named "layer9" \(did you mean layer1, layer2 or layer3\?\); there are: conv1, bn1, layer1, layer2, layer3/,
    });
  });
});

const meanOf = ({ values: { shape, data } }: Features): Float32Array => {
  const pixels = shape[1]! * shape[2]!;
  return Float32Array.from({ length: shape[0]! }, (_, c) => {
    const map = data.subarray(c * pixels, (c + 1) * pixels);
    return map.reduce((sum, value) => sum + value, 0) / pixels;
  });
};

describe("gradCam", () => {
  test("of the layer before the pooling is the classifier's weights times its map", async (t) => {
    const { classifier, folder, state } = await open(t);
    const [file = ""] = await findImages([folder]);
    const cam = await gradCam(classifier, file, { label: "bee" });
    assert.deepEqual([cam.layer, cam.of.index, cam.height, cam.width], ["layer3", 1, 5, 5]);
    const [{ values: map }] = (await collect(
      features(classifier, [file], { layer: "layer3" }),
    )) as [Features];
    const weight = state.get("linear.weight")!.data;
    const heat = Array.from({ length: 25 }, (_, pixel) => {
      let sum = 0;
      for (let k = 0; k < 64; k++) sum += weight[64 + k]! * map.data[25 * k + pixel]!;
      return Math.max(sum, 0);
    });
    const most = Math.max(...heat);
    assert.ok(most > 0, "this seed gives evidence somewhere");
    for (const [pixel, value] of heat.entries())
      assert.ok(Math.abs(cam.heat[pixel]! - value / most) < 1e-4);
  });

  test("asks for the likeliest class, or the one that is named or numbered", async (t) => {
    const { classifier, folder } = await open(t);
    const [file = ""] = await findImages([folder]);
    const [prediction] = await collect(predict(classifier, [file]));
    const { of } = await gradCam(classifier, file);
    assert.equal(of.label, prediction!.top[0]!.label);
    assert.ok(Math.abs(of.probability - prediction!.top[0]!.probability) < 1e-6);
    assert.equal((await gradCam(classifier, file, { label: "2" })).of.label, "cat");
    for (const label of ["Bee", "BEE"])
      assert.equal((await gradCam(classifier, file, { label })).of.label, "bee");
    await assert.rejects(gradCam(classifier, file, { label: "bees" }), {
      code: "ERR_CLASS",
      message: 'no class is named "bees" (did you mean bee?); there are: ant, bee, cat',
    });
    await assert.rejects(gradCam(classifier, file, { label: "dog" }), {
      code: "ERR_CLASS",
      message: 'no class is named "dog"; there are: ant, bee, cat',
    });
    await assert.rejects(gradCam(classifier, file, { layer: "linear" }), {
      message: 'layer "linear" gives a vector, but a map is needed',
    });
  });
});
