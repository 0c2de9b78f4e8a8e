// Training steps with everything a step may have, against PyTorch; tools/train_step_fixtures.py made the numbers.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Executor } from "../../src/executors/executor.js";
import { inputSpecs } from "../../src/program/input-specs.js";
import { input, type Tensor } from "../../src/graph/tensor.js";
import { nchwToHwnc } from "../../src/interop/torch-layout.js";
import { BatchNorm2d } from "../../src/nn/batch-norm2d.js";
import { Conv2d } from "../../src/nn/conv2d.js";
import { Flatten } from "../../src/nn/flatten.js";
import { Linear } from "../../src/nn/linear.js";
import { Module } from "../../src/nn/module.js";
import { relu } from "../../src/ops/relu.js";
import { plan } from "../../src/planner/plan.js";
import { hostArray, type HostArray } from "../../src/tensor/host-array.js";
import { readModelState, writeModelState, initialState } from "../../src/checkpoint/model-state.js";
import { crossEntropy } from "../../src/train/loss.js";
import { adamw } from "../../src/train/optimizers.js";
import { sgd } from "../../src/train/optimizers.js";
import { parameterGroups } from "../../src/train/parameter-groups.js";
import { averageState } from "../../src/train/state-names.js";
import { traceTrainStep } from "../../src/train/step.js";
import { assertClose, ulp } from "../helpers/assert-close.js";
import { executorsUnderTest } from "../helpers/executors.js";
import { webgpuExecutors } from "../helpers/webgpu.js";
import { draw, stepsFixture } from "../helpers/fixtures.js";

const fixture = stepsFixture();
const { seed, batch, image, classes, momentum, weightDecay, emaDecay, mixes } = fixture;
const [channels, height, width] = image;

class Net extends Module {
  readonly conv = new Conv2d(channels, 3, 3, { padding: 1, bias: false });
  readonly bn = new BatchNorm2d(3);
  readonly flatten = new Flatten();
  readonly fc = new Linear(3 * height * width, classes);
  protected override forward(x: Tensor): Tensor {
    return this.fc.call(this.flatten.call(relu(this.bn.call(this.conv.call(x)))));
  }
}

/** A batch that is given with every run. */
const given = {
  trace: (n: number) => ({
    images: input("images", [height, width, n, channels]),
    targets: input("labels", [n], "i32"),
  }),
};

function drawnState(model: Module): Map<string, HostArray> {
  const state = new Map(initialState(model, 1));
  for (const [name, { shape }] of state) {
    const center = name === "bn.weight" ? 1 : 0;
    if (!name.includes("running")) state.set(name, draw(seed, name, { shape, scale: 0.3, center }));
  }
  return state;
}

async function train(executor: Executor, optimizer: "sgd" | "adamw", learningRate: number) {
  const model = new Net();
  const program = await executor.load(
    plan(
      "train-step",
      traceTrainStep(model, {
        source: given,
        batchSize: batch,
        optimizer:
          optimizer === "sgd"
            ? sgd({ momentum, nesterov: true, weightDecay })
            : adamw({ beta1: 0.8, beta2: 0.95, eps: 1e-6, weightDecay }),
        loss: crossEntropy({ labelSmoothing: fixture.smoothing }),
        groups: parameterGroups(model, { freeze: [], lrScales: { head: fixture.headFactor } }),
        decaysWeightsOnly: true,
        mixes: true,
        clipNorm: fixture.clipNorm,
        averages: true,
      }),
      executor.traits,
    ),
  );
  await writeModelState(executor, model, drawnState(model));
  const [losses, norms]: [number[], number[]] = [[], []];
  for (const [step, { share, box }] of mixes.entries()) {
    const [top = 0, left = 0, bottom = 0, right = 0] = box;
    const labelShare = share * (1 - ((bottom - top) * (right - left)) / (height * width));
    const imagesSpec = { shape: [batch, ...image], scale: 2 };
    const labelsSpec = { shape: [batch], below: classes };
    const registers: Readonly<Record<string, number>> =
      optimizer === "sgd" ? { momentum } : { step: step + 1 };
    const { loss, gradientNorm } = await program.run({
      ...registers,
      images: nchwToHwnc(draw(seed, `images${step}`, imagesSpec) as HostArray<"f32">),
      labels: draw(seed, `labels${step}`, labelsSpec),
      learningRate,
      mixShare: share,
      mixBox: hostArray([4], box, "i32"),
      labelShare,
      emaWeight: step === 0 ? 1 : 1 - emaDecay,
    });
    losses.push(loss!.data[0]!);
    norms.push(gradientNorm!.data[0]!);
  }
  const averages = [...(await readModelState(executor, model, averageState))].map(
    ([name, array]): [string, ArrayLike<number>] => [averageState(name), array.data],
  );
  const state = [...(await readModelState(executor, model))].map(
    ([name, array]): [string, ArrayLike<number>] => [name, array.data],
  );
  return new Map<string, ArrayLike<number>>([
    ["losses", losses],
    ["norms", norms],
    ...state,
    ...averages,
  ]);
}

for (const { name, create } of [...executorsUnderTest, ...webgpuExecutors]) {
  describe(`training steps on ${name}, as PyTorch's`, () => {
    for (const { optimizer, learningRate, expected } of fixture.cases) {
      test(`${optimizer}: clipped, in groups, mixed and averaged`, async (t) => {
        const executor = await create();
        t.after(() => executor.close());
        const results = await train(executor, optimizer, learningRate);
        assert.deepEqual([...results.keys()].sort(), Object.keys(expected).sort());
        for (const [key, { values, deviation }] of Object.entries(expected)) {
          // Both are some deviations off the exact numbers; four steps carry the roundings on.
          const rtol = 8 * deviation + 16 * ulp;
          assertClose(results.get(key)!, values, { rtol }, key);
        }
      });
    }
  });
}

describe("a training step", () => {
  test("asks for no register that its options do not need", () => {
    const plain = { source: given, batchSize: batch, optimizer: sgd() };
    const inputsOf = (options: object): string[] =>
      [...inputSpecs(plan("step", traceTrainStep(new Net(), { ...plain, ...options }))).keys()]
        .filter((name) => !["images", "labels", "learningRate"].includes(name))
        .sort();
    assert.deepEqual(inputsOf({}), []);
    assert.deepEqual(inputsOf({ averages: true }), ["emaWeight"]);
    assert.deepEqual(inputsOf({ accumulates: true }), ["gradientWeight"]);
    assert.deepEqual(inputsOf({ mixes: true }), ["labelShare", "mixBox", "mixShare"]);
  });
});
