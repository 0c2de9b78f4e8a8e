// What the options of the family change, and that they change nothing else.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import "../../src/node/native/register.js";
import { graphOf, type Graph } from "../../src/graph/graph.js";
import { input } from "../../src/graph/tensor.js";
import { BasicBlock, Bottleneck } from "../../src/models/blocks.js";
import { CifarBlock } from "../../src/models/cifar-block.js";
import { cifarResnet } from "../../src/models/cifar-resnet.js";
import { ConvBNLayer } from "../../src/models/conv-bn-layer.js";
import { convBNResnet50 } from "../../src/models/conv-bn-resnet.js";
import { PlainBlock } from "../../src/models/plain-block.js";
import { preactResnet18 } from "../../src/models/preact-resnet.js";
import { resnet18, resnet50, resnext50_32x4d } from "../../src/models/resnet.js";
import { makeStages } from "../../src/models/stages.js";
import { namedParameters, namedState, type Module } from "../../src/nn/module.js";
import { traceModule } from "../../src/nn/trace-module.js";
import { plan } from "../../src/planner/plan.js";
import { randomKey } from "../../src/tensor/random.js";
import { initialState, writeModelState } from "../../src/checkpoint/model-state.js";
import { nativeExecutors, reference } from "../helpers/executors.js";
import { forward } from "../../src/train/forward.js";
import { countParameters, outputShapes } from "../../src/report/model-summary.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { randomArray } from "../helpers/arrays.js";
import { assertClose } from "../helpers/assert-close.js";

const trace = (model: Module, training: boolean, shape = [32, 32, 4, 3]): Graph => {
  const { result, updates } = traceModule(model, training, () => model.call(input("x", shape)));
  return graphOf({ result }, updates);
};

const attrsOf = (graph: Graph, op: string, attr: string): unknown[] =>
  graph.nodes.filter((node) => node.op.name === op).map(({ attrs }) => attrs[attr]);

const shapesOf = (model: Module): ReadonlyMap<string, readonly number[]> =>
  new Map(outputShapes(model, [3, 32, 32]).map(({ name, output }) => [name, output]));

describe("the stem", () => {
  for (const make of [resnet18, preactResnet18]) {
    test("of CIFAR keeps the image", () => {
      const small = make({ width: 4, classes: 10, stem: "cifar" });
      assert.deepEqual(shapesOf(small).get("conv1"), [4, 32, 32]);
      assert.deepEqual(shapesOf(small).get("layer1"), [4, 32, 32]);
      assert.deepEqual(shapesOf(small).get("layer4"), [32, 4, 4]);
      assert.deepEqual(namedState(small).get("conv1.weight")!.torchShape, [4, 3, 3, 3]);
    });

    test("of ImageNet leaves a quarter of its height and width", () => {
      const large = make({ width: 4, classes: 10 });
      assert.deepEqual(shapesOf(large).get("layer1"), [4, 8, 8]);
    });
  }
});

describe("the stride of a bottleneck", () => {
  test("is on the 3×3, or as in the paper on the first 1×1", () => {
    const first = shapesOf(resnet50({ width: 4 }));
    const paper = shapesOf(resnet50({ width: 4, strideOn: "1x1" }));
    assert.deepEqual(first.get("layer2.0.conv1"), [8, 8, 8]);
    assert.deepEqual(paper.get("layer2.0.conv1"), [8, 4, 4]);
    for (const shapes of [first, paper]) assert.deepEqual(shapes.get("layer2.0"), [32, 4, 4]);
  });
});

describe("zeroLastNorm", () => {
  test("starts the last batch norm of every block at 0, and no other", () => {
    for (const [model, last] of [
      [resnet18({ width: 4, zeroLastNorm: true }), /^layer\d\.\d\.bn2\.weight$/],
      [resnet50({ width: 4, zeroLastNorm: true }), /^layer\d\.\d\.bn3\.weight$/],
      [cifarResnet(20, { zeroLastNorm: true }), /^layer\d\.\d\.bn2\.weight$/],
    ] as const) {
      for (const [name, leaf] of namedState(model)) {
        if (leaf.shape.length > 1 || !name.endsWith("weight")) continue;
        const { data } = leaf.initialize(1, name);
        assert.ok(
          data.every((value) => value === (last.test(name) ? 0 : 1)),
          name,
        );
      }
    }
  });

  test("makes a block the identity of what is not negative", async () => {
    const x = randomArray([2, 4, 5, 6], 1, { scale: 0.5, center: 0.5 });
    for (const block of [
      new BasicBlock(4, 4, 1, { zeroLastNorm: true }),
      new Bottleneck(4, 1, 1, { zeroLastNorm: true }),
      new CifarBlock(4, 4, 1, { zeroLastNorm: true }),
    ]) {
      assert.deepEqual((await forward(block, x, { executor: "reference" })).data, x.data);
    }
    const plain = await forward(new PlainBlock(4, 4), x, { executor: "reference" });
    assert.notDeepEqual(plain.data, x.data);
  });
});

describe("stochastic depth", () => {
  test("grows in proportion to the block's place, in training only", () => {
    for (const model of [
      resnet18({ width: 4, stochasticDepth: 0.4 }),
      preactResnet18({ width: 4, stochasticDepth: 0.4 }),
    ]) {
      const probabilities = attrsOf(trace(model, true), "stochasticDepth", "probability");
      assertClose(
        probabilities as number[],
        [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4],
        { rtol: 1e-12 },
        "probabilities",
      );
      assert.equal(new Set(attrsOf(trace(model, true), "stochasticDepth", "stream")).size, 8);
      assert.deepEqual(attrsOf(trace(model, false), "stochasticDepth", "stream"), []);
    }
    const deep = cifarResnet(110, { width: 4, stochasticDepth: 0.5 });
    const probabilities = attrsOf(trace(deep, true), "stochasticDepth", "probability");
    assert.equal(probabilities.length, 54);
    assert.equal(probabilities.at(-1), 0.5);
  });

  test("draws by the step's key, alike on every executor", async (t) => {
    const model = cifarResnet(20, { width: 4, stochasticDepth: 0.5 });
    const graph = trace(model, true, [8, 8, 6, 3]);
    const all: Float32Array[] = [];
    for (const { create } of [reference, ...nativeExecutors]) {
      const executor = create();
      t.after(() => executor.close());
      await writeModelState(executor, model, initialState(model, 1));
      const program = await executor.load(plan("forward", graph));
      const logits = async (step: number): Promise<Float32Array> => {
        const key = hostArray([2], randomKey(1, "step", step), "i32");
        const x = randomArray([8, 8, 6, 3], 1);
        return (await program.run({ x, randomKey: key }))["result"]!.data as Float32Array;
      };
      all.push(await logits(1));
      assert.deepEqual(await logits(1), all.at(-1));
      assert.notDeepEqual(await logits(2), all.at(-1));
    }
    // Float32 through 19 batch norms.
    for (const other of all.slice(1)) assertClose(other, all[0]!, { rtol: 1e-3 }, "logits");
  });

  test("adds no parameters and, at 0, no modules", () => {
    const names = (options: object): string[] => [...namedParameters(resnet18(options)).keys()];
    assert.deepEqual(names({ stochasticDepth: 0.4 }), names({}));
    assert.ok(
      !outputShapes(resnet18(), [3, 32, 32]).some(({ type }) => type === "StochasticDepth"),
    );
  });
});

describe("dropout", () => {
  test("is before the classifier, in training only", () => {
    for (const make of [resnet18, resnet50, preactResnet18]) {
      const model = make({ width: 4, dropout: 0.3 });
      const { nodes } = trace(model, true);
      assert.deepEqual(
        nodes.slice(-2).map(({ op }) => op.name),
        ["dropout", "linear"],
      );
      assert.deepEqual(attrsOf(trace(model, true), "dropout", "probability"), [0.3]);
      assert.deepEqual(attrsOf(trace(model, false), "dropout", "probability"), []);
    }
  });
});

describe("groups and width of ResNeXt", () => {
  test("are torchvision's", () => {
    const shapes = new Map(
      [...namedState(resnext50_32x4d())].map(([name, leaf]) => [name, leaf.torchShape]),
    );
    assert.deepEqual(shapes.get("layer1.0.conv2.weight"), [128, 4, 3, 3]);
    assert.deepEqual(shapes.get("layer4.2.conv2.weight"), [1024, 32, 3, 3]);
    assert.deepEqual(shapes.get("layer4.2.conv3.weight"), [2048, 1024, 1, 1]);
  });
});

describe("the bottleneck's economy", () => {
  const weights = (module: Module): number =>
    [...namedParameters(module)]
      .filter(([name]) => name.startsWith("conv"))
      .reduce((sum, [, { shape }]) => sum + shape.reduce((a, b) => a * b), 0);

  test("69,632 weights where two 3×3 convolutions on 256 channels have 1,179,648", () => {
    // 1·1·256·64 + 3·3·64·64 + 1·1·64·256 against 3·3·256·256 · 2, in "Deep Residual Learning", §3.3
    assert.equal(weights(new Bottleneck(256, 64)), 69_632);
    assert.equal(weights(new BasicBlock(256, 256)), 1_179_648);
  });
});

describe("ConvBNLayer", () => {
  const x = randomArray([2, 4, 5, 6], 3, { center: -0.2 });

  test("ends with no activation, ReLU, or leaky ReLU of slope 0.1", async () => {
    const values = async (activation?: "none" | "relu" | "leaky"): Promise<number[]> => {
      const layer = new ConvBNLayer(4, 6, 3, { groups: 2, ...(activation && { activation }) });
      const { data } = await forward(layer, x, { executor: "reference", seed: 3 });
      return [...data];
    };
    const none = await values();
    assert.ok(none.some((y) => y < 0) && none.some((y) => y > 0));
    assert.deepEqual(await values("none"), none);
    const relu = await values("relu");
    const leaky = await values("leaky");
    const slope = (factor: number): number[] => none.map((y) => (y < 0 ? factor * y : y));
    assertClose(relu, slope(0), { rtol: 0 }, "relu");
    assertClose(leaky, slope(0.1), { rtol: 1e-7 }, "leaky");
  });

  test("has no bias, groups, and padding that keeps the image", () => {
    const layer = new ConvBNLayer(4, 6, 5, { groups: 2, stride: 2 });
    assert.deepEqual(
      [...namedParameters(layer).keys()],
      ["_conv.weight", "_batch_norm.weight", "_batch_norm.bias"],
    );
    assert.deepEqual(namedState(layer).get("_conv.weight")!.torchShape, [6, 2, 5, 5]);
    assert.deepEqual(outputShapes(layer, [4, 7, 8]).at(-1)!.output, [6, 4, 4]);
  });

  test("the classifier of its network starts uniform within 1 / √features", () => {
    const model = convBNResnet50();
    const out = namedState(model).get("out.weight")!;
    const { data } = out.initialize(1, "out.weight");
    const bound = 1 / Math.sqrt(2048);
    const largest = data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    assert.ok(largest <= bound && largest > 0.999 * bound, `${largest}`);
    const mean = data.reduce((a, b) => a + b, 0) / data.length;
    const std = Math.sqrt(data.reduce((a, b) => a + b * b, 0) / data.length);
    assert.ok(Math.abs(mean) < 1e-4);
    assert.ok(Math.abs(std - bound / Math.sqrt(3)) < 1e-4, "the deviation of a uniform draw");
  });
});

describe("stages of own blocks", () => {
  test("tell each block its place", () => {
    const places: object[] = [];
    const { outChannels } = makeStages(
      (place) => {
        places.push(place);
        return new PlainBlock(place.inChannels, place.channels, place.stride);
      },
      [2, 1],
      8,
    );
    assert.equal(outChannels, 16);
    assert.deepEqual(places, [
      { inChannels: 8, channels: 8, stride: 1, index: 0, count: 3 },
      { inChannels: 8, channels: 8, stride: 1, index: 1, count: 3 },
      { inChannels: 8, channels: 16, stride: 2, index: 2, count: 3 },
    ]);
  });
});

test("grey images take one channel in every network", () => {
  const model = resnet18({ channels: 1, classes: 10 });
  assert.equal(countParameters(model), 11_175_370); // the first notebook's ResNet-18 for Fashion-MNIST
  assert.deepEqual(outputShapes(model, [1, 28, 28]).at(-1)!.output, [10]);
  assert.throws(() => trace(model, false), { code: "ERR_SHAPE" });
});

test("a block alone maps an array", async () => {
  const y = await forward(new CifarBlock(4, 8, 2), hostArray([1, 4, 5, 6]), {
    executor: "reference",
  });
  assert.deepEqual(y.shape, [1, 8, 3, 3]);
});
