// Networks as ONNX give PyTorch's logits in onnxruntime: every kind of network of the catalogue, batch norm folded or not.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as ort from "onnxruntime-web";
import "../../src/node/native/register.js";
import { graphOf } from "../../src/graph/graph.js";
import { input, type Tensor } from "../../src/graph/tensor.js";
import { onnxChunks, type OnnxModel } from "../../src/interop/onnx/onnx-messages.js";
import { writeOnnx } from "../../src/interop/onnx/write-onnx.js";
import { BatchNorm2d } from "../../src/nn/batch-norm2d.js";
import { Conv2d } from "../../src/nn/conv2d.js";
import { constantInit } from "../../src/nn/initializers.js";
import { Module, namedState } from "../../src/nn/module.js";
import { Parameter } from "../../src/nn/parameter.js";
import { add } from "../../src/ops/add.js";
import { avgPool2d } from "../../src/ops/avg-pool2d.js";
import { dropout } from "../../src/ops/dropout.js";
import { flatten } from "../../src/ops/flatten.js";
import { linear } from "../../src/ops/linear.js";
import type { Shape } from "../../src/tensor/shape.js";
import { forward } from "../../src/train/forward.js";
import { exportModel, tracePrediction } from "../../src/checkpoint/export-model.js";
import { initialState } from "../../src/checkpoint/model-state.js";
import { createModel } from "../../src/models/catalog.js";
import { randomArray } from "../helpers/arrays.js";
import { assertClose } from "../helpers/assert-close.js";
import { draw } from "../helpers/fixtures.js";
import { makeNetwork, networks, relatives, specOf } from "../helpers/network-rows.js";

ort.env.wasm.numThreads = 1;

async function run(file: Uint8Array, images: Float32Array, shape: Shape): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(file);
  const { logits } = await session.run({ images: new ort.Tensor("float32", images, shape) });
  await session.release();
  return logits!.data as Float32Array;
}

/** Relatives of ResNet whose ops are all exported. */
const exported = /^(se|res2net|resnetv2|densenet|mobilenet)/;

for (const row of [...networks, ...relatives.filter(({ name }) => exported.test(name))]) {
  const { name, seed, batch, image, state } = row;
  const [channels, height, width] = image;
  const weights = new Map(
    state.map(([key, ...shape]) => [key, draw(seed, key, specOf(key, shape))] as const),
  );
  const shape = [batch, ...image];
  const images = draw(seed, "images", { shape, scale: 2 }).data as Float32Array;
  for (const fold of [false, true]) {
    test(`${name} as ONNX, batch norm ${fold ? "folded" : "kept"}`, async () => {
      const graph = tracePrediction(makeNetwork(row), [height, width, channels]);
      const logits = await run(await writeOnnx(graph, weights, { name, fold }), images, shape);
      const largest = Math.max(...row.evalLogits.map(Math.abs));
      assertClose(logits, row.evalLogits, { rtol: 0, atol: 1e-4 * Math.max(1, largest) }, "logits");
    });
  }
}

/** One convolution, called twice, with another batch norm behind each call. */
class Shared extends Module {
  readonly conv = new Conv2d(2, 2, 3, { padding: 1 });
  readonly first = new BatchNorm2d(2);
  readonly second = new BatchNorm2d(2);
  protected override forward(x: Tensor): Tensor {
    const y = this.first.call(this.conv.call(x));
    return flatten(add(y, this.second.call(this.conv.call(y))));
  }
}

/** The same, with a parameter of a name that a writer might think of. */
class Taken extends Shared {
  readonly Add = new Parameter([32, 32], constantInit(0.5));
  protected override forward(x: Tensor): Tensor {
    return linear(super.forward(x), this.Add);
  }
}

for (const [name, model] of Object.entries({ Shared: new Shared(), Taken: new Taken() })) {
  test(`an own network's values have a name each: ${name}`, async () => {
    const graph = tracePrediction(model, [4, 4, 2]);
    const state = new Map(
      [...namedState(model)].map(([key, { torchShape: shape }]) => [
        key,
        draw(1, key, { shape, scale: 0.5, center: key.includes("var") ? 1 : 0 }),
      ]),
    );
    const images = randomArray([3, 2, 4, 4], 2);
    const expected = await forward(model, images, { state, executor: "reference" });
    for (const fold of [false, true]) {
      const file = await writeOnnx(graph, state, { name, fold });
      const logits = await run(file, images.data, images.shape);
      assertClose(logits, expected.data, { rtol: 1e-5 }, `folded: ${fold}`);
    }
  });
}

describe("writeOnnx", () => {
  test("pools with zeros counted in the mean, as AvgPool2d", async () => {
    const images = input("images", [3, 3, 1, 1]);
    const graph = graphOf({
      logits: flatten(avgPool2d(images, { kernel: 2, stride: 2, padding: 1 })),
    });
    const ones = new Float32Array(9).fill(1);
    const logits = await run(
      await writeOnnx(graph, new Map(), { name: "pool", fold: true }),
      ones,
      [1, 1, 3, 3],
    );
    assert.deepEqual([...logits], [0.25, 0.5, 0.5, 1]);
  });

  test("names the op that has no counterpart", async () => {
    const images = input("images", [1, 1, 1, 1]);
    const key = input("key", [2], "i32");
    const graph = graphOf({
      logits: dropout(flatten(images), key, { probability: 0.5, stream: 0 }),
    });
    await assert.rejects(writeOnnx(graph, new Map(), { name: "net", fold: true }), {
      code: "ERR_ONNX",
      message: /: the op dropout cannot be exported, only conv2d, batchNorm2d, /,
    });
  });

  test("names a parameter without values", async () => {
    const graph = tracePrediction(
      createModel("resnet18", { classes: 2, channels: 3 }),
      [32, 32, 3],
    );
    await assert.rejects(writeOnnx(graph, new Map(), { name: "net", fold: false }), {
      code: "ERR_ONNX",
      message: "there are no values for conv1.weight",
    });
  });
});

test("exportModel writes classes and normalization into the metadata, and leaves the batch free", async () => {
  const classes = ["ant", "bee"];
  const description = {
    model: "cifar-resnet20",
    classes,
    imageShape: [32, 32, 1] as [number, number, number],
    transforms: [{ type: "centerCrop" as const, size: 32 }],
    normalize: { mean: [0.5], std: [0.25] },
    epoch: 0,
  };
  const model = createModel("cifar-resnet20", { classes: 2, channels: 1 });
  const file = await exportModel(description, initialState(model, 0), { format: "onnx" });
  const text = new TextDecoder("latin1").decode(file);
  for (const part of ['["ant","bee"]', "[0.5]", "[0.25]", "cifar-resnet20", "centerCrop(32)"]) {
    assert.ok(text.includes(part), part);
  }
  for (const batch of [1, 3]) {
    const logits = await run(file, new Float32Array(batch * 1024), [batch, 1, 32, 32]);
    assert.equal(logits.length, 2 * batch);
  }
});

test("a network beyond protobuf's 2 GiB is refused before any tensor is read", () => {
  const model = (rows: number): OnnxModel => {
    const values = (): never => assert.fail("a tensor was read");
    return {
      name: "large",
      nodes: [],
      initializers: [{ name: "w", type: "float", shape: [rows, 1024], values }],
      input: { name: "images", shape: ["batch", 3, 224, 224] },
      output: { name: "logits", shape: ["batch", 1000] },
      metadata: {},
    };
  };
  onnxChunks(model(2 ** 19 - 1));
  assert.throws(() => onnxChunks(model(2 ** 19)), {
    code: "ERR_FILE_SIZE",
    message: /^the file would take 21474\d{5} bytes, but ONNX in one file holds 2147483647 at most/,
  });
});
