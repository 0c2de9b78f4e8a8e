// Parts of the relatives of ResNet, alone: expected values are arithmetic.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { input } from "../../src/graph/tensor.js";
import { divisible } from "../../src/models/divisible.js";
import { EfficientChannelAttention } from "../../src/models/channel-attention.js";
import { SqueezeExcite } from "../../src/models/squeeze-excite.js";
import { BlurPool2d } from "../../src/nn/blur-pool2d.js";
import { Identity } from "../../src/nn/identity.js";
import { LayerNorm2d } from "../../src/nn/layer-norm.js";
import { Linear } from "../../src/nn/linear.js";
import { namedParameters } from "../../src/nn/module.js";
import { permuted, Permute } from "../../src/nn/permute.js";
import { Sequential } from "../../src/nn/sequential.js";
import { traceModule } from "../../src/nn/trace-module.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { forward } from "../../src/train/forward.js";

const executor = "reference";

describe("BlurPool2d", () => {
  const rowOf = async (values: readonly number[]): Promise<readonly number[]> => {
    const x = hostArray([1, 1, 1, values.length], Float32Array.from(values));
    return [...(await forward(new BlurPool2d(), x, { executor })).data];
  };

  test("weighs neighbours 1, 2, 1 and mirrors the image at its borders", async () => {
    // (4 + 2·0 + 4) / 4, (4 + 2·8 + 12) / 4, and at the end of five (12 + 2·20 + 12) / 4
    assert.deepEqual(await rowOf([0, 4, 8, 12]), [2, 8]);
    assert.deepEqual(await rowOf([0, 4, 8, 12, 20]), [2, 8, 16]);
  });

  test("leaves a single pixel as it is, and of two takes the first with twice the second", async () => {
    assert.deepEqual(await rowOf([7]), [7]);
    assert.deepEqual(await rowOf([1, 5]), [3]);
  });
});

describe("attention", () => {
  test("with weights of 0 halves every channel: sigmoid(0) = 1/2", async () => {
    for (const module of [new SqueezeExcite(4), new EfficientChannelAttention(4)]) {
      const zeros = [...namedParameters(module)].map(
        ([name, { torchShape }]) => [name, hostArray(torchShape)] as const,
      );
      module.loadStateDict(new Map(zeros));
      const x = hostArray([1, 4, 1, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
      const { data } = await forward(module, x, { executor });
      assert.deepEqual([...data], [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]);
    }
  });

  test("looks at more neighbours where there are more channels, as in the paper's equation 12", () => {
    // |log2(C) + 1| / 2: 1.5 of 4, 3.5 of 64, 5 of 512, 6 of 2048; the next odd number of 3 or more
    const kernels = [4, 64, 512, 2048].map(
      (channels) => new EfficientChannelAttention(channels).conv.weight.shape[2],
    );
    assert.deepEqual(kernels, [3, 3, 5, 7]);
  });
});

test("divisible rounds to multiples of 8, but takes away a tenth at most where asked", () => {
  assert.deepEqual(
    [1, 11, 12, 20].map((channels) => divisible(channels)),
    [8, 8, 16, 24],
  );
  assert.equal(divisible(11, 0.9), 16); // 8 are less than 9.9
});

test("Sequential names modules by an object's keys and calls them in their order", async () => {
  const model = new Sequential({ last: new Identity(), fc: new Linear(2, 1, { bias: false }) });
  assert.deepEqual([...namedParameters(model).keys()], ["fc.weight"]);
  model.loadStateDict(new Map([["fc.weight", hostArray([1, 2], [10, 1])]]));
  const { data } = await forward(model, hostArray([1, 2], [3, 4]), { executor });
  assert.deepEqual([...data], [34]);
});

test("Linear works on the last axis of N C H W, and on a permuted one without a copy", async () => {
  const linear = new Linear(2, 1, { bias: false });
  linear.loadStateDict(new Map([["weight", hostArray([1, 2], [10, 1])]]));
  const x = hostArray([1, 2, 1, 2], [1, 2, 3, 4]); // channel 0 has the pixels 1 and 2
  const ofWidth = await forward(linear, x, { executor });
  assert.deepEqual(
    [ofWidth.shape, [...ofWidth.data]],
    [
      [1, 2, 1, 1],
      [12, 34],
    ],
  );
  const ofChannels = new Sequential(new Permute([0, 2, 3, 1]), linear);
  const { shape, data } = await forward(ofChannels, x, { executor });
  assert.deepEqual(
    [shape, [...data]],
    [
      [1, 1, 2, 1],
      [13, 24],
    ],
  );
});

test("LayerNorm2d standardizes the channels of each pixel", async () => {
  const x = hostArray([1, 2, 1, 2], [1, 10, 3, 30]);
  const { data } = await forward(new LayerNorm2d(2, { eps: 0 }), x, { executor });
  assert.deepEqual([...data], [-1, -1, 1, 1]);
});

test("Permute names axes that are not there", async () => {
  await assert.rejects(forward(new Permute([0, 1]), hostArray([1, 2, 1, 2]), { executor }), {
    code: "ERR_AXIS",
    message: /^Permute: \[0, 1\] must name each of the 4 axes once/,
  });
});

test("Linear gives bf16 for images in bf16, as its neighbours do", () => {
  const linear = new Linear(2, 3);
  const images = input("x", [4, 4, 1, 2], "bf16");
  const { result } = traceModule(linear, false, () => linear.call(permuted(images, [0, 2, 3, 1])));
  assert.deepEqual([result.dtype, result.shape], ["bf16", [4, 4, 1, 3]]);
});
