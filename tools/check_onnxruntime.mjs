// Runs exported networks in onnxruntime-node, against this package's own logits.
//
//     node tools/check_onnxruntime.mjs FOLDER [MODEL...]
//
// FOLDER is where `npm install onnxruntime-node` was run. Without names, one network of each family. The weights are random,
// running statistics too; each network is exported with batch norms folded and kept, and gets two images.
import { createRequire } from "node:module";
import path from "node:path";
import { createModel, defaultInput } from "resnet-ts/models";
import { namedState } from "resnet-ts/nn";
import { hostArray, randomKey, uniform } from "resnet-ts/tensor";
import { forward, exportModel, initialState } from "resnet-ts/train";

const families = [
  "resnet18",
  "resnet50",
  "resnext50_32x4d",
  "wide_resnet50_2",
  "preact-resnet18",
  "preact-resnet50",
  "plain18",
  "convbn-resnet50",
  "cifar-resnet20",
  "plain20",
  "d2l-resnet18",
];

const [, , folder, ...names] = process.argv;
if (!folder) throw new Error("usage: node tools/check_onnxruntime.mjs FOLDER [MODEL...]");
const ort = createRequire(path.resolve(folder, "x.js"))("onnxruntime-node");

/** First weights, with running statistics that are not 0 and 1, so that folding has something to do. */
function weightsOf(model) {
  const state = new Map(initialState(model, 1));
  for (const [name, { torchShape }] of namedState(model)) {
    if (!/running_(mean|var)$/.test(name)) continue;
    const key = randomKey(2, name);
    const from = name.endsWith("var") ? 0.5 : -0.1;
    const span = name.endsWith("var") ? 1 : 0.2;
    const values = Float32Array.from(
      { length: torchShape[0] },
      (_, i) => from + span * uniform(key, i),
    );
    state.set(name, hostArray(torchShape, values));
  }
  return state;
}

for (const name of names.length > 0 ? names : families) {
  const { image, classes } = defaultInput(name);
  const [channels, height, width] = image;
  const model = createModel(name, { classes, channels });
  const state = weightsOf(model);
  const key = randomKey(3, "images");
  const length = 2 * channels * height * width;
  const images = hostArray(
    [2, ...image],
    Float32Array.from({ length }, (_, i) => 4 * uniform(key, i) - 2),
  );
  const ours = await forward(model, images, { state });
  const largest = ours.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const description = {
    model: name,
    classes: Array.from({ length: classes }, (_, i) => String(i)),
    imageShape: [height, width, channels],
    normalize: { mean: Array(channels).fill(0), std: Array(channels).fill(1) },
    epoch: 0,
  };
  for (const fold of [true, false]) {
    const session = await ort.InferenceSession.create(
      exportModel(description, state, { format: "onnx", fold }),
    );
    const feeds = { images: new ort.Tensor("float32", images.data, images.shape) };
    const { logits } = await session.run(feeds);
    await session.release();
    const difference = logits.data.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - ours.data[i]) / largest),
      0,
    );
    const kind = fold ? "folded" : "kept";
    console.log(`${name.padEnd(18)} ${kind.padEnd(7)} ${difference.toExponential(1)}`);
    if (!(difference < 1e-4)) process.exitCode = 1;
  }
}
