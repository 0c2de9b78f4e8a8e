// Every model of the catalogue: its size, and two steps of training on every executor.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Executor } from "../../src/executors/executor.js";
import { defaultInput, findModel, hasOption, models } from "../../src/models/catalog.js";
import { cifarPlain, cifarResnet } from "../../src/models/cifar-resnet.js";
import { namedState } from "../../src/nn/module.js";
import { plan } from "../../src/planner/plan.js";
import { countParameters } from "../../src/report/model-summary.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { initialState, readModelState, writeModelState } from "../../src/checkpoint/model-state.js";
import { sgd } from "../../src/train/optimizers.js";
import { residentSource } from "../../src/train/sources/resident-source.js";
import { traceTrainStep } from "../../src/train/step.js";
import { randomIntegers } from "../helpers/arrays.js";
import { nativeExecutors, reference } from "../helpers/executors.js";

/**
 * Parameters, and tensors of a checkpoint without `num_batches_tracked`, with the classes and channels that the model was
 * made for: PyTorch's count of the definitions in tools/resnet_torch.py and tools/family_torch.py, as
 * tools/model_fixtures.py prints it, and tools/relative_fixtures.py that of timm's and torchvision's models. Those of ResNet, ResNeXt and wide ResNet are torchvision's own; those of the
 * CIFAR ResNets round to akamaster's table (0.27, 0.46, 0.66, 0.85 and 1.7 million).
 */
const sizes: Readonly<Record<string, { readonly parameters: number; readonly tensors: number }>> = {
  resnet18: { parameters: 11_689_512, tensors: 102 },
  resnet34: { parameters: 21_797_672, tensors: 182 },
  resnet50: { parameters: 25_557_032, tensors: 267 },
  resnet101: { parameters: 44_549_160, tensors: 522 },
  resnet152: { parameters: 60_192_808, tensors: 777 },
  resnext50_32x4d: { parameters: 25_028_904, tensors: 267 },
  resnext101_32x8d: { parameters: 88_791_336, tensors: 522 },
  resnext101_64x4d: { parameters: 83_455_272, tensors: 522 },
  wide_resnet50_2: { parameters: 68_883_240, tensors: 267 },
  wide_resnet101_2: { parameters: 126_886_696, tensors: 522 },
  seresnet18: { parameters: 11_779_624, tensors: 134 },
  seresnet34: { parameters: 21_960_416, tensors: 246 },
  resnet18d: { parameters: 11_708_744, tensors: 112 },
  resnet34d: { parameters: 21_816_904, tensors: 192 },
  seresnet50: { parameters: 28_088_024, tensors: 331 },
  seresnet101: { parameters: 49_326_872, tensors: 654 },
  seresnet152: { parameters: 66_821_848, tensors: 977 },
  seresnext50_32x4d: { parameters: 27_559_896, tensors: 331 },
  seresnext101_32x4d: { parameters: 48_955_416, tensors: 654 },
  seresnext101_32x8d: { parameters: 93_569_048, tensors: 654 },
  resnet26d: { parameters: 16_014_408, tensors: 157 },
  resnet50d: { parameters: 25_576_264, tensors: 277 },
  resnet101d: { parameters: 44_568_392, tensors: 532 },
  resnet152d: { parameters: 60_212_040, tensors: 787 },
  ecaresnet50d: { parameters: 25_576_350, tensors: 293 },
  ecaresnet101d: { parameters: 44_568_563, tensors: 565 },
  resnetrs50: { parameters: 35_691_912, tensors: 346 },
  resnetrs101: { parameters: 63_618_696, tensors: 669 },
  resnetrs152: { parameters: 86_621_576, tensors: 992 },
  resnetblur18: { parameters: 11_689_512, tensors: 102 },
  resnetblur50: { parameters: 25_557_032, tensors: 267 },
  res2net50_26w_4s: { parameters: 25_699_120, tensors: 427 },
  res2net50_26w_6s: { parameters: 37_051_448, tensors: 587 },
  res2net50_26w_8s: { parameters: 48_403_776, tensors: 747 },
  res2net50_48w_2s: { parameters: 25_287_304, tensors: 267 },
  res2net50_14w_8s: { parameters: 25_059_816, tensors: 747 },
  res2net101_26w_4s: { parameters: 45_206_688, tensors: 852 },
  resnetv2_18: { parameters: 11_687_720, tensors: 90 },
  resnetv2_34: { parameters: 21_795_880, tensors: 170 },
  resnetv2_50: { parameters: 25_549_352, tensors: 251 },
  resnetv2_101: { parameters: 44_541_480, tensors: 506 },
  resnetv2_152: { parameters: 60_185_128, tensors: 761 },
  densenet121: { parameters: 7_978_856, tensors: 606 },
  densenet161: { parameters: 28_681_000, tensors: 806 },
  densenet169: { parameters: 14_149_480, tensors: 846 },
  densenet201: { parameters: 20_013_928, tensors: 1006 },
  mobilenet_v2: { parameters: 3_504_872, tensors: 262 },
  convnext_tiny: { parameters: 28_589_128, tensors: 182 },
  convnext_small: { parameters: 50_223_688, tensors: 344 },
  "preact-resnet18": { parameters: 11_687_720, tensors: 90 },
  "preact-resnet34": { parameters: 21_795_880, tensors: 170 },
  "preact-resnet50": { parameters: 25_549_352, tensors: 251 },
  "preact-resnet101": { parameters: 44_541_480, tensors: 506 },
  "preact-resnet152": { parameters: 60_185_128, tensors: 761 },
  plain18: { parameters: 11_515_688, tensors: 87 },
  plain34: { parameters: 21_623_848, tensors: 167 },
  "convbn-resnet50": { parameters: 25_557_032, tensors: 267 },
  "convbn-resnet101": { parameters: 44_549_160, tensors: 522 },
  "convbn-resnet152": { parameters: 60_192_808, tensors: 777 },
  "cifar-resnet20": { parameters: 269_722, tensors: 97 },
  "cifar-resnet32": { parameters: 464_154, tensors: 157 },
  "cifar-resnet44": { parameters: 658_586, tensors: 217 },
  "cifar-resnet56": { parameters: 853_018, tensors: 277 },
  "cifar-resnet110": { parameters: 1_727_962, tensors: 547 },
  plain20: { parameters: 269_722, tensors: 97 },
  plain32: { parameters: 464_154, tensors: 157 },
  plain44: { parameters: 658_586, tensors: 217 },
  plain56: { parameters: 853_018, tensors: 277 },
  plain110: { parameters: 1_727_962, tensors: 547 },
  "d2l-resnet18": { parameters: 11_178_378, tensors: 110 },
};

describe("sizes", () => {
  test("are stated for every model", () => {
    assert.deepEqual(Object.keys(sizes), Object.keys(models));
  });

  for (const [name, { parameters, tensors }] of Object.entries(sizes)) {
    test(`${name} has ${parameters} parameters in ${tensors} tensors`, () => {
      const { classes, image } = defaultInput(name);
      const model = models[name]!({ classes, channels: image[0] });
      assert.equal(countParameters(model), parameters);
      assert.equal(namedState(model).size, tensors);
      assert.equal(countParameters(models[name]!()), parameters, "those are the defaults, too");
    });
  }

  test("option B costs the CIFAR ResNets two projections", () => {
    const projections = 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64;
    const { parameters } = sizes["cifar-resnet20"]!;
    assert.equal(countParameters(cifarResnet(20, { shortcut: "B" })), parameters + projections);
  });

  test("a depth that is not 6n + 2 is refused", () => {
    for (const make of [cifarResnet, cifarPlain]) {
      for (const depth of [2, 18, 21]) {
        assert.throws(() => make(depth), {
          name: "UsageError",
          message: `CifarResNet: the depth must be 6n + 2, such as 20 or 56, but it is ${depth}`,
        });
      }
    }
  });
});

const batchSize = 4;

/** Two steps at a hundredth of the size; the losses before each, and how many parameters and statistics moved. */
async function trainTwice(
  name: string,
  executor: Executor,
): Promise<{ readonly losses: readonly number[]; readonly unmoved: readonly string[] }> {
  const channels = defaultInput(name).image[0];
  // With 32 groups, one inner channel a group is the least.
  const width = /^(se)?resnext/.test(name) ? 16 : 4;
  const model = findModel(name, {
    width,
    ...(hasOption(name, "dropout") && { dropout: 0 }), // no numbers are random
    ...(hasOption(name, "stochasticDepth") && { stochasticDepth: 0 }),
  })({ classes: 3, channels });
  // Those halve the image five times, rounded down.
  const size = /densenet|convnext/.test(name) ? 32 : 16;
  const data = {
    images: randomIntegers([batchSize, size + 1, size, channels], 1, 256, "u8"),
    labels: hostArray([batchSize], [0, 1, 2, 0], "i32"),
  };
  const normalize = { mean: Array(channels).fill(0.5), std: Array(channels).fill(0.25) };
  const source = await residentSource(executor, "train", data, normalize);
  const graph = traceTrainStep(model, { source, batchSize, optimizer: sgd({ momentum: 0.9 }) });
  const before = initialState(model, 1);
  // ConvNeXt's factors of 1e-6 make the first steps of its blocks smaller than float32 resolves.
  for (const [key, { data }] of before) if (key.endsWith("layer_scale")) data.fill(1);
  await writeModelState(executor, model, before);
  for (const [leaf, leafName] of graph.leaves) {
    if (leafName.startsWith("optimizer.")) await executor.write(leafName, hostArray(leaf.shape));
  }
  const program = await executor.load(plan(name, graph));
  const losses: number[] = [];
  for (let step = 0; step < 2; step++) {
    const { loss } = await program.run({
      indices: hostArray([batchSize], [0, 1, 2, 3], "i32"),
      learningRate: 0.01,
      momentum: 0.9,
    });
    losses.push(loss!.data[0]!);
  }
  const after = await readModelState(executor, model);
  const isMoved = (key: string): boolean =>
    after.get(key)!.data.some((value, i) => value !== before.get(key)!.data[i]);
  // A batch norm takes away what a convolution's bias adds: its gradient is nothing but rounding.
  const isVain = (key: string): boolean =>
    (name.startsWith("d2l") && /(conv[12]|0\.0)\.bias$/.test(key)) ||
    // Steps of layer norms' weights, which are 1, are smaller than float32 resolves where so few channels are so small.
    (name.startsWith("convnext") && key.endsWith("block.2.weight"));
  return { losses, unmoved: [...before.keys()].filter((key) => !isMoved(key) && !isVain(key)) };
}

describe("two steps of training", () => {
  const [fast = reference] = nativeExecutors;
  for (const name of Object.keys(models)) {
    // Plain loops take seconds for the deepest, whose numbers no other executor would agree with: more than a hundred
    // batch norms over 4 values of a channel magnify float32's roundings to several per cent.
    const executors = /1\d\d/.test(name) ? [fast] : [...new Set([reference, fast])];
    test(`${name} on ${executors.map((executor) => executor.name).join(" and ")}`, async (t) => {
      const firstLosses: number[] = [];
      for (const { create } of executors) {
        const executor = create();
        t.after(() => executor.close());
        const { losses, unmoved } = await trainTwice(name, executor);
        for (const loss of losses) assert.ok(Number.isFinite(loss) && loss > 0, `${loss}`);
        assert.deepEqual(unmoved, [], "everything is trained");
        firstLosses.push(losses[0]!);
      }
      const [first, ...others] = firstLosses;
      for (const loss of others) {
        assert.ok(Math.abs(loss - first!) < 0.02 * first!, firstLosses.join());
      }
    });
  }
});
