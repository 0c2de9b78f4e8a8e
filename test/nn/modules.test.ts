import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { graphOf, type Graph } from "../../src/graph/graph.js";
import { input, type Tensor } from "../../src/graph/tensor.js";
import { BatchNorm2d } from "../../src/nn/batch-norm2d.js";
import { Conv2d } from "../../src/nn/conv2d.js";
import { Dropout } from "../../src/nn/dropout.js";
import { Flatten } from "../../src/nn/flatten.js";
import { LeakyReLU } from "../../src/nn/leaky-relu.js";
import { Linear } from "../../src/nn/linear.js";
import { Module, namedModules, namedParameters, namedState } from "../../src/nn/module.js";
import {
  AdaptiveAvgPool2d,
  AdaptiveMaxPool2d,
  AvgPool2d,
  MaxPool2d,
} from "../../src/nn/pooling.js";
import { ReLU } from "../../src/nn/relu.js";
import { Sequential } from "../../src/nn/sequential.js";
import { StochasticDepth } from "../../src/nn/stochastic-depth.js";
import { Subsample } from "../../src/nn/subsample.js";
import { traceModule } from "../../src/nn/trace-module.js";
import { add } from "../../src/ops/add.js";

const image = (channels = 3): Tensor => input("x", [8, 6, 2, channels]);

const call = (module: Module, x: Tensor, training = true): Tensor =>
  traceModule(module, training, () => module.call(x)).result;

const graph = (module: Module, training: boolean): Graph => {
  const { result, updates } = traceModule(module, training, () => module.call(image()));
  return graphOf({ result }, updates);
};

const opsOf = ({ nodes }: Graph): string[] => nodes.map(({ op }) => op.name);

describe("layers give the shapes that PyTorch's give", () => {
  const layers: Readonly<Record<string, readonly [Module, readonly number[]]>> = {
    "Conv2d(3, 5, 3)": [new Conv2d(3, 5, 3), [6, 4, 2, 5]],
    "Conv2d(3, 5, 3, stride 2, padding 1)": [
      new Conv2d(3, 5, 3, { stride: 2, padding: 1 }),
      [4, 3, 2, 5],
    ],
    "Conv2d(3, 6, 1, groups 3)": [new Conv2d(3, 6, 1, { groups: 3 }), [8, 6, 2, 6]],
    "BatchNorm2d(3)": [new BatchNorm2d(3), [8, 6, 2, 3]],
    "ReLU()": [new ReLU(), [8, 6, 2, 3]],
    "LeakyReLU(0.2)": [new LeakyReLU(0.2), [8, 6, 2, 3]],
    "MaxPool2d(3)": [new MaxPool2d(3), [2, 2, 2, 3]],
    "MaxPool2d(3, stride 2, padding 1)": [
      new MaxPool2d(3, { stride: 2, padding: 1 }),
      [4, 3, 2, 3],
    ],
    "AvgPool2d(2)": [new AvgPool2d(2), [4, 3, 2, 3]],
    "AdaptiveAvgPool2d()": [new AdaptiveAvgPool2d(), [1, 1, 2, 3]],
    "AdaptiveMaxPool2d()": [new AdaptiveMaxPool2d(), [1, 1, 2, 3]],
    "Flatten()": [new Flatten(), [2, 144]],
    "Dropout(0.5)": [new Dropout(0.5), [8, 6, 2, 3]],
    "StochasticDepth(0.5)": [new StochasticDepth(0.5), [8, 6, 2, 3]],
    "Subsample(5, 1 and 2)": [new Subsample({ stride: 5, padChannels: [1, 2] }), [2, 2, 2, 6]],
    "Sequential(Flatten, Linear)": [new Sequential(new Flatten(), new Linear(144, 7)), [2, 7]],
  };
  for (const [name, [layer, shape]] of Object.entries(layers)) {
    test(name, () => assert.deepEqual(call(layer, image()).shape, shape));
  }
});

describe("a module is its fields", () => {
  class Branch extends Module {
    readonly list = [new Linear(2, 2), new Sequential(new Linear(2, 2, { bias: false }))];
    readonly nothing = null;
    readonly norm = new BatchNorm2d(2);
    protected override forward(x: Tensor): Tensor {
      return x;
    }
  }

  test("state is found by walking them, in order; arrays by their numbers", () => {
    const names = [...namedState(new Branch()).keys()];
    assert.deepEqual(names, [
      "list.0.weight",
      "list.0.bias",
      "list.1.0.weight",
      "norm.weight",
      "norm.bias",
      "norm.running_mean",
      "norm.running_var",
    ]);
    assert.deepEqual([...namedParameters(new Branch()).keys()], names.slice(0, 5));
  });

  test("modules too, the root first", () => {
    assert.deepEqual(
      [...namedModules(new Branch()).keys()],
      ["", "list.0", "list.1", "list.1.0", "norm"],
    );
  });

  test("what two fields share goes by the first one's path", () => {
    class Tied extends Module {
      readonly first = new Linear(2, 2, { bias: false });
      readonly second = this.first;
      readonly self: Module = this;
      protected override forward(x: Tensor): Tensor {
        return this.second.call(x);
      }
    }
    assert.deepEqual([...namedState(new Tied()).keys()], ["first.weight"]);
    assert.deepEqual([...namedModules(new Tied()).keys()], ["", "first"]);
  });

  test("a parameter that walking cannot find is refused, not left out", () => {
    class Hidden extends Module {
      readonly #layer = new Linear(3, 2);
      protected override forward(x: Tensor): Tensor {
        return this.#layer.call(x);
      }
    }
    assert.throws(() => graphOf({ y: call(new Hidden(), input("x", [1, 3])) }), {
      code: "ERR_GRAPH",
      message:
        "a parameter of the graph has no name: it must be in a public field of the traced module",
    });
  });

  test("nodes carry the path of the module that made them", () => {
    const model = new Sequential(new Conv2d(3, 3, 1), new Sequential(new ReLU()));
    assert.deepEqual(
      graph(model, true).nodes.map(({ module }) => module),
      ["0", "1.0"],
    );
  });

  test("calls are recorded, innermost first", () => {
    const model = new Sequential(new ReLU(), new Sequential(new ReLU()));
    const { calls } = traceModule(model, true, () => model.call(image()));
    assert.deepEqual(
      calls.map(({ path }) => path),
      ["0", "1.0", "1", ""],
    );
  });
});

describe("training and evaluation", () => {
  test("batch norm: the batch's statistics and new running ones, or the running ones", () => {
    const norm = new BatchNorm2d(3);
    const training = graph(norm, true);
    assert.deepEqual(opsOf(training), ["batchNormStatistics", "batchNorm2d", "runningStatistics"]);
    assert.deepEqual([...training.updates.keys()], [norm.running_mean, norm.running_var]);
    const { count, momentum } = training.nodes[2]!.attrs;
    assert.deepEqual([count, momentum], [8 * 6 * 2, 0.1]);
    const evaluation = graph(norm, false);
    assert.deepEqual(opsOf(evaluation), ["batchNorm2d"]);
    assert.equal(evaluation.updates.size, 0);
    assert.equal(evaluation.nodes[0]!.inputs["mean"], norm.running_mean);
  });

  test("dropout drops in training only, each layer on a stream of its own", () => {
    const model = new Sequential(new Dropout(0.5), new Dropout(0), new Dropout(0.5));
    const { nodes, leaves } = graph(model, true);
    assert.deepEqual(
      nodes.map(({ attrs }) => attrs["stream"]),
      [0, 1],
    );
    assert.deepEqual([...leaves.values()].sort(), ["randomKey", "x"]);
    assert.deepEqual(opsOf(graph(new Sequential(new Dropout(0.5), new ReLU()), false)), ["relu"]);
  });
});

describe("what goes wrong", () => {
  test("a call outside a trace", () => {
    assert.throws(() => new ReLU().call(image()), {
      name: "ResnetError",
      code: "ERR_TRACE",
      message: "a module was called outside a trace: use forward(module, x), or traceModule",
    });
  });

  test("a trace that threw leaves no trace behind", () => {
    const module = new Sequential(new Conv2d(4, 4, 1));
    assert.throws(() => call(module, image()));
    assert.throws(() => new ReLU().call(image()), { code: "ERR_TRACE" });
    // Nor the path of the module that threw: add is made outside every module.
    assert.equal(add(image(), image()).node!.module, "");
  });

  test("the shape error of a layer deep inside names its path", () => {
    const model = new Sequential(new ReLU(), new Sequential(new Conv2d(4, 4, 1)));
    assert.throws(() => call(model, image()), {
      name: "ShapeError",
      message:
        "conv2d: x has 3 channels but weight takes 4\n" +
        "  x       [2, 3, 8, 6]   N Cin H W\n" +
        "  weight  [4, 4, 1, 1]   Cout Cin KH KW\n" +
        "  in 1.0, while tracing",
    });
  });

  test("groups that do not divide the input channels", () => {
    assert.throws(() => new Conv2d(3, 4, 1, { groups: 2 }), {
      name: "UsageError",
      code: "ERR_ARGUMENT",
      message: "Conv2d: inChannels (3) must be divisible by groups (2)",
    });
  });

  test("batch norm in training on one value a channel", () => {
    const norm = new BatchNorm2d(3);
    const x = input("x", [1, 1, 1, 3]);
    assert.throws(() => call(norm, x), {
      code: "ERR_ATTRIBUTE",
      message:
        "batch norm needs more than one value per channel in training, but this batch has one (one image on a " +
        "1×1 map): use a larger batch, or a number of images that does not leave a last batch of one",
    });
    assert.throws(() => call(new Sequential(new ReLU(), norm), x), {
      code: "ERR_ATTRIBUTE",
      message: /a last batch of one\n  in 1, while tracing$/,
    });
    assert.deepEqual(call(norm, x, false).shape, [1, 1, 1, 3]);
  });
});
