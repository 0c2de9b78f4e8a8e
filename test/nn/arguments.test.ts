// Calls that a JavaScript caller may get wrong: each is refused with one sentence, and nothing is done.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { takeRows } from "../../src/data/dataset.js";
import { fractionSizes, splitRows } from "../../src/data/split.js";
import type { Tensor } from "../../src/graph/tensor.js";
import { createModel, models, type ModelFactory } from "../../src/models/catalog.js";
import { cifarPlain, cifarResnet } from "../../src/models/cifar-resnet.js";
import { ConvBNLayer } from "../../src/models/conv-bn-layer.js";
import { convBNResnet50 } from "../../src/models/conv-bn-resnet.js";
import { d2lResnet18, Residual } from "../../src/models/d2l-resnet.js";
import { preactResnet18 } from "../../src/models/preact-resnet.js";
import { plain18, resnet34, resnet50 } from "../../src/models/resnet.js";
import { Conv2d } from "../../src/nn/conv2d.js";
import { Module } from "../../src/nn/module.js";
import { createSession } from "../../src/node/train/create-session.js";
import { train } from "../../src/node/train/train.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { forward } from "../../src/train/forward.js";
import { imageSet } from "../../src/train/image-set.js";
import { crossEntropy, huberLoss } from "../../src/train/loss.js";
import { lamb, lars, rmsprop } from "../../src/train/more-optimizers.js";
import { adam, adamw, sgd } from "../../src/train/optimizers.js";
import { createSchedule } from "../../src/train/schedules/schedule.js";
import { reference } from "../helpers/executors.js";
import { randomConfig } from "../helpers/random-dataset.js";
import { TinyModel } from "../helpers/tiny-model.js";
import { tinyData } from "../helpers/train-on.js";

/** A value of a type that the compiler would refuse. */
const wrong = (value: unknown): never => value as never;

class Net extends Module {
  constructor(private readonly result: unknown) {
    super();
  }
  protected override forward = (): Tensor => this.result as Tensor;
}

const image = hostArray([1, 3, 8, 6]);
const { train: images } = tinyData();
const session = (options: object): Promise<unknown> =>
  createSession(new TinyModel(), wrong({ executor: reference.create(), ...options }));

describe("a wrong argument is refused:", () => {
  const calls: readonly (readonly [call: () => unknown, message: string | RegExp])[] = [
    [
      () => resnet34(wrong({ num_classes: 10 })),
      'resnet34 has no option "num_classes" (did you mean classes?): its options are classes, channels, width, stem, dropout, zeroLastNorm, stochasticDepth',
    ],
    [
      () => resnet34(wrong(10)),
      /^resnet34: the options are 10, but they must be an object such as \{ classes: … \}; its options are classes, channels, /,
    ],
    [
      () => resnet34({ classes: -1 }),
      "resnet34: classes is -1, but it must be a whole number of 1 or more",
    ],
    [
      () => resnet50({ stem: wrong("x") }),
      'resnet50: stem is "x", but it must be "imagenet" or "cifar"',
    ],
    [
      () => plain18({ dropout: 1.5 }),
      "plain18: dropout is 1.5, but it must be a number from 0 to 1",
    ],
    [
      () => preactResnet18({ stochasticDepth: NaN }),
      "preactResnet18: stochasticDepth is NaN, but it must be a number from 0 to 1",
    ],
    [
      () => cifarResnet(20, { zeroLastNorm: wrong(1) }),
      "cifarResnet: zeroLastNorm is 1, but it must be true or false",
    ],
    [
      () => cifarPlain(20, wrong({ shortcut: "A" })),
      'cifarPlain has no option "shortcut": its options are classes, channels, width',
    ],
    [
      () => convBNResnet50({ width: 0.5 }),
      "convBNResnet50: width is 0.5, but it must be a whole number of 1 or more",
    ],
    [
      () => d2lResnet18({ pool: wrong("mean") }),
      'd2lResnet18: pool is "mean", but it must be "max" or "avg"',
    ],
    [
      () => new Residual(1, 1, wrong({ stride: 2 })),
      'Residual has no option "stride" (did you mean strides?): its options are use1x1Conv, strides',
    ],
    [
      () => new ConvBNLayer(1, 1, 3, { activation: wrong("gelu") }),
      'ConvBNLayer: activation is "gelu", but it must be "none", "relu" or "leaky"',
    ],
    [
      () => createModel("resnet18", { classes: 0, channels: 3 }),
      "resnet18: classes is 0, but it must be a whole number of 1 or more",
    ],

    [
      () => hostArray(wrong([[1, 2], [3, 4]])), // prettier-ignore
      "hostArray: the shape is [[1,2],[3,4]], but it must be an array of numbers: hostArray([2, 2], [1, 2, 3, 4]) has two rows of two values",
    ],
    [() => hostArray(wrong(3)), /^hostArray: the shape is a number, but it must be an array /],

    [
      () => forward(new Net(3), image),
      "the forward of Net returned a number, but it must return a Tensor, or an array or a record of Tensors",
    ],
    [
      () => forward(new Net(undefined), image),
      "the forward of Net returned undefined, but it must return a Tensor, or an array or a record of Tensors",
    ],
    [
      () => forward(new Net(0), image, wrong({ executer: "reference" })),
      'forward has no option "executer" (did you mean executor?): its options are state, seed, executor',
    ],

    [
      () => splitRows(10, wrong([5, 5]), 0),
      /^splitRows: the parts are an array, but they must be an object /,
    ],
    [
      () => splitRows(wrong("10"), { train: 5 }, 0),
      'splitRows: rows is "10", but it must be a whole number of 0 or more',
    ],
    [
      () => splitRows(10, { train: 5 }, wrong(undefined)),
      "splitRows: seed is undefined, but it must be a whole number of 0 or more",
    ],
    [
      () => splitRows(10, { train: 5 }, 0, wrong({ stratify: [] })),
      'splitRows has no option "stratify" (did you mean stratifyBy?): its options are stratifyBy',
    ],
    [
      () => fractionSizes(-1, { train: 0.5 }),
      "fractionSizes: rows is -1, but it must be a whole number of 0 or more",
    ],
    [
      () => takeRows(images, wrong(5)),
      "the rows to take are a number, but they must be an array of row indices",
    ],
    [
      () => takeRows(wrong([1]), [0]),
      "the data set to take rows of is an array, but it must be one of datasetOfArrays or loadDataset",
    ],
    [
      () => imageSet(images, wrong({ transform: [] })),
      'imageSet has no option "transform" (did you mean transforms?): its options are transforms, normalize',
    ],
    [
      () => imageSet(images, { normalize: { mean: [0, 0, 0], std: [1] } }),
      "imageSet: normalize has 3 means and 1 deviations, but the images have 2 channels: give one of each for every channel",
    ],
    [
      () => imageSet(images, { transforms: [wrong({ type: "flop" })] }),
      /^the list of transforms is off: /,
    ],

    [
      () => session({ optimiser: sgd() }),
      /^createSession has no option "optimiser" \(did you mean optimizer\?\): its options are optimizer, loss, /,
    ],
    [
      () => session({ optimizer: sgd }),
      /^createSession: the optimizer is a function, but it must be what sgd, /,
    ],
    [() => session({}), /^createSession: the optimizer is undefined, /],
    [
      () => session({ optimizer: sgd(), precision: "fp16" }),
      'createSession: precision is "fp16", but it must be "fp32" or "bf16"',
    ],
    [
      async () => {
        const own = await createSession(new TinyModel(), {
          optimizer: sgd(),
          executor: reference.create(),
        });
        return own.batches(images, wrong({ batchSize: 4 })).next();
      },
      /^session\.batches has no option "batchSize": its options are size, seed, /,
    ],
    [
      () => train(randomConfig(), tinyData(), wrong({ outt: "x" })),
      /^train has no option "outt" \(did you mean out\?\): its options are out, resume, executor, /,
    ],

    [
      () => sgd(wrong({ momentun: 0.9 })),
      'sgd has no option "momentun" (did you mean momentum?): its options are momentum, nesterov, weightDecay',
    ],
    [() => sgd({ momentum: -1 }), "sgd: momentum is -1, but it must be a number from 0 to 1"],
    [() => sgd({ nesterov: wrong("no") }), 'sgd: nesterov is "no", but it must be true or false'],
    [
      () => sgd({ weightDecay: Infinity }),
      "sgd: weightDecay is Infinity, but it must be a number of 0 or more",
    ],
    [() => adam({ beta1: 1 }), "adam: beta1 is 1, but it must be a number of 0 or more, below 1"],
    [
      () => adamw(wrong({ betas: [0.9, 0.99] })),
      /^adamw has no option "betas" \(did you mean beta1 or beta2\?\): /,
    ],
    [() => lamb({ eps: -1 }), "lamb: eps is -1, but it must be a number of 0 or more"],
    [() => lars({ trust: 0 }), "lars: trust is 0, but it must be a number above 0"],
    [() => rmsprop({ alpha: 2 }), "rmsprop: alpha is 2, but it must be a number from 0 to 1"],
    [
      () => crossEntropy(wrong({ label_smoothing: 0.1 })),
      /^crossEntropy has no option "label_smoothing" \(did you mean labelSmoothing\?\): /,
    ],
    [() => huberLoss(0), "huberLoss: delta is 0, but it must be a number above 0"],
    [
      () => createSchedule(wrong({ kind: "cosine", flor: 0.1 }), 10, 10),
      /^the schedule is off: .*flor/,
    ],
    [
      () => createSchedule("cosine", wrong("10"), 10),
      'createSchedule: epochs is "10", but it must be a number above 0',
    ],
  ];
  for (const [call, message] of calls) {
    test(String(message), async () => {
      // Called in a function of its own, so that what throws at once counts as what rejects.
      await assert.rejects(async () => call(), { name: "UsageError", message });
    });
  }

  test("every model of the catalogue refuses an option that it does not have, and takes undefined", () => {
    for (const [name, make] of Object.entries<ModelFactory>(models)) {
      assert.throws(
        () => make(wrong({ num_classes: 10 })),
        {
          code: "ERR_ARGUMENT",
          message: / has no option "num_classes" \(did you mean classes\?\)/,
        },
        name,
      );
      assert.throws(() => make({ width: -4 }), { code: "ERR_ARGUMENT" }, name);
      assert.ok(make({ width: 4, classes: undefined as never }) instanceof Module);
    }
  });
});

test("shapes in an error have the order of axes that the caller gave: N C H W", async () => {
  await assert.rejects(forward(new Conv2d(4, 5, 3), image), {
    name: "ShapeError",
    message:
      "conv2d: x has 3 channels but weight takes 4\n" +
      "  x       [1, 3, 8, 6]   N Cin H W\n" +
      "  weight  [5, 4, 3, 3]   Cout Cin KH KW",
  });
});
