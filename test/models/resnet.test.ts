import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { graphOf, type Graph } from "../../src/graph/graph.js";
import { input } from "../../src/graph/tensor.js";
import { verifyGraph } from "../../src/graph/verify.js";
import { createModel, models } from "../../src/models/catalog.js";
import { resnet18, resnet50, type ResNetOptions } from "../../src/models/resnet.js";
import type { Module } from "../../src/nn/module.js";
import { namedParameters, namedState } from "../../src/nn/module.js";
import { traceModule } from "../../src/nn/trace-module.js";
import { sizeOf } from "../../src/tensor/shape.js";
import { networkFixture } from "../helpers/fixtures.js";

const sizes = (model: Module): number =>
  [...namedParameters(model).values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);

const trace = (model: Module, shape: readonly number[], training = false): Graph => {
  const { result, updates } = traceModule(model, training, () => model.call(input("x", shape)));
  return graphOf({ result }, updates);
};

/**
 * torchvision: `sum(p.numel() for p in model.parameters())`, `len(model.state_dict())` without
 * `num_batches_tracked`, and the multiply-adds at 224×224 that its model page states, in 10⁹.
 */
const table = {
  resnet18: { parameters: 11_689_512, tensors: 102, gmacs: 1.81 },
  resnet34: { parameters: 21_797_672, tensors: 182, gmacs: 3.66 },
  resnet50: { parameters: 25_557_032, tensors: 267, gmacs: 4.09 },
  resnet101: { parameters: 44_549_160, tensors: 522, gmacs: 7.8 },
  resnet152: { parameters: 60_192_808, tensors: 777, gmacs: 11.51 },
} as const;

describe("the catalogue", () => {
  for (const [name, { parameters, tensors, gmacs }] of Object.entries(table)) {
    test(`${name} has ${parameters} parameters in as many tensors as torchvision's`, () => {
      const model = createModel(name, { classes: 1000, channels: 3 });
      assert.equal(sizes(model), parameters);
      assert.equal(namedState(model).size, tensors);
    });

    test(`${name} maps 224×224 images to logits, with the work that torchvision states`, () => {
      const graph = trace(models[name]!({}), [224, 224, 1, 3]);
      verifyGraph(graph);
      assert.deepEqual(graph.outputs["result"]!.shape, [1, 1000]);
      const products = graph.nodes.filter(({ op }) => ["conv2d", "linear"].includes(op.name));
      let work = 0;
      let inside = 0;
      for (const { op, inputs, outputs, attrs } of products) {
        // Every output sums its whole window and all its inputs: the weight but for the last axis.
        const { shape } = inputs["weight"]!;
        work += sizeOf(outputs["y"]!.shape) * sizeOf(shape.slice(0, -1));
        inside += op.flops(inputs, outputs, attrs) / 2;
      }
      assert.ok(Math.abs(work / 1e9 - gmacs) < 0.006, `${work} of ${gmacs}e9`);
      // Our count leaves out the padding: at 7×7, 40 of 441 taps of a 3×3 window.
      assert.ok(inside < work && inside > 0.9 * work, `${inside} of ${work}`);
    });
  }

  test("lists its models where a name is unknown, also one that every object has", () => {
    for (const [name, hint] of [
      ["resnet19", " (did you mean resnet18?)"],
      ["toString", ""],
    ] as const) {
      assert.throws(() => createModel(name, { classes: 10, channels: 1 }), {
        name: "UsageError",
        code: "ERR_MODEL",
        message: `there is no model "${name}"${hint}: choose one of ${Object.keys(models).join(", ")}`,
      });
    }
  });
});

describe("parameter names", () => {
  test("of ResNet-18 and -50 are torchvision's, in their order", () => {
    // The fixtures list `model.named_parameters()` of torchvision's models.
    for (const name of ["resnet18", "resnet50-narrow"]) {
      const fixture = networkFixture(name);
      const { model, width, classes, input: size } = fixture;
      const options: ResNetOptions = { width, classes, channels: size[0] };
      const names = (part: string): string[] =>
        fixture.tensors.filter((row) => row.part === part).map((row) => row.name);
      const ours = models[model]!(options);
      assert.deepEqual([...namedParameters(ours).keys()], names("initial"));
      const shapes = new Map(fixture.tensors.map((row) => [row.name, row.shape]));
      for (const [key, leaf] of namedState(ours))
        assert.deepEqual(leaf.torchShape, shapes.get(key));
    }
  });

  test("some of torchvision's that others are easily mistaken for", () => {
    const small = new Set(namedState(resnet18()).keys());
    for (const name of [
      "conv1.weight",
      "layer1.0.bn1.running_mean",
      "layer2.0.downsample.0.weight",
      "layer2.0.downsample.1.running_var",
      "layer4.1.conv2.weight",
      "fc.bias",
    ]) {
      assert.ok(small.has(name), name);
    }
    assert.ok(!small.has("layer1.0.downsample.0.weight"), "the identity fits in stage 1");
    assert.ok(!small.has("conv1.bias"));
    const large = new Set(namedState(resnet50()).keys());
    assert.ok(large.has("layer1.0.downsample.0.weight"), "a bottleneck widens stage 1, too");
    assert.ok(large.has("layer3.5.conv3.weight"));
  });
});

describe("shapes", () => {
  test("stages halve the image and double the channels; the stride is on the 3×3", () => {
    const { nodes } = trace(resnet50({ width: 4 }), [64, 48, 2, 3]);
    const outputs = new Map(nodes.map(({ module, outputs: { y } }) => [module, y?.shape]));
    assert.deepEqual(outputs.get("conv1"), [32, 24, 2, 4]);
    assert.deepEqual(outputs.get("layer1.2.conv3"), [16, 12, 2, 16]);
    assert.deepEqual(outputs.get("layer2.0.conv1"), [16, 12, 2, 8]);
    assert.deepEqual(outputs.get("layer2.0.conv2"), [8, 6, 2, 8]);
    assert.deepEqual(outputs.get("layer4.2.conv3"), [2, 2, 2, 128]);
  });

  test("feeding colour images to a grey model names the stem", () => {
    assert.throws(() => trace(resnet18({ channels: 1 }), [28, 28, 8, 3]), {
      name: "ShapeError",
      code: "ERR_SHAPE",
      message:
        "conv2d: x has 3 channels but weight takes 1\n" +
        "  x       [8, 3, 28, 28]   N Cin H W\n" +
        "  weight  [64, 1, 7, 7]    Cout Cin KH KW\n" +
        "  in conv1, while tracing",
    });
  });

  test("a batch of one image that shrinks to a pixel cannot be trained, but evaluated", () => {
    const model = resnet18({ width: 4 });
    assert.throws(() => trace(model, [28, 28, 1, 3], true), { code: "ERR_ATTRIBUTE" });
    assert.deepEqual(trace(model, [28, 28, 1, 3]).outputs["result"]!.shape, [1, 1000]);
  });
});
