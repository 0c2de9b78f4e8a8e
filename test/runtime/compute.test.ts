// Expressions that are computed at once, and what they refuse.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gradients } from "../../src/autodiff/gradients.js";
import { ReferenceExecutor } from "../../src/executors/reference/reference-executor.js";
import { arange, full, ones, rand, randn, tensor, zeros } from "../../src/functional/constants.js";
import { add, equal, maximum, mul, where } from "../../src/functional/elementwise.js";
import { conv2d, convTranspose2d } from "../../src/functional/convolution.js";
import { avgPool2d, maxPool2d } from "../../src/functional/pooling.js";
import { groupNorm, layerNorm } from "../../src/functional/normalization.js";
import { matmul } from "../../src/functional/products.js";
import { argmax, mean, softmax, sum } from "../../src/functional/reductions.js";
import { upsample } from "../../src/functional/resample.js";
import {
  concat,
  flip,
  pad,
  permute,
  reshape,
  slice,
  squeeze,
  unsqueeze,
} from "../../src/functional/shapes.js";
import { input, state, type Tensor } from "../../src/graph/tensor.js";
import { cast } from "../../src/ops/cast.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { compute } from "../../src/runtime/compute.js";

const valuesOf = async (expression: Tensor): Promise<readonly number[]> => [
  ...(await compute(expression, { executor: "reference" })).data,
];

describe("compute", () => {
  test("gives values and their shape", async () => {
    const y = await compute(matmul(tensor([[1, 2]]), tensor([[3], [4]])), {
      executor: "reference",
    });
    assert.deepEqual(y, hostArray([1, 1], [11]));
  });

  test("computes several expressions together, on an executor that stays open", async () => {
    const executor = new ReferenceExecutor();
    const x = tensor([1, 2, 3]);
    const square = mul(x, x);
    const dx = gradients(sum(square), [x]).get(x)!;
    const { y, slope } = await compute({ y: square, slope: dx }, { executor });
    assert.deepEqual([...y.data], [1, 4, 9]);
    assert.deepEqual([...slope.data], [2, 4, 6]);
    assert.deepEqual([...(await compute(x, { executor })).data], [1, 2, 3]);
    await executor.close();
  });

  test("counts axes as PyTorch does, also of convolutions", async () => {
    // torch: conv2d(arange(8.).view(1, 2, 2, 2), tensor([[1., 10.], [0., 1.]]).view(2, 2, 1, 1))
    const x = reshape(arange(8), [1, 2, 2, 2]);
    const weight = reshape(tensor([1, 10, 0, 1]), [2, 2, 1, 1]);
    const y = await compute(conv2d(x, weight), { executor: "reference" });
    assert.deepEqual(y.shape, [1, 2, 2, 2]);
    assert.deepEqual([...y.data], [40, 51, 62, 73, 4, 5, 6, 7]);
    // The mean over the image of each channel.
    assert.deepEqual(await valuesOf(mean(conv2d(x, weight), { axes: [2, 3] })), [56.5, 5.5]);
    assert.deepEqual(
      await valuesOf(
        add(avgPool2d(x, { kernel: 2, stride: 2, padding: 0 }), tensor([[[1]], [[10]]])),
      ),
      [2.5, 15.5],
    );
  });

  test("gives the value of an input by name, images as N C H W", async () => {
    const x = input("x", [2, 1, 1, 3]); // H W N C
    const value = hostArray([1, 3, 2, 1], [1, 2, 3, 4, 5, 6]);
    const options = { executor: "reference", inputs: { x: value } };
    assert.deepEqual((await compute(mul(x, 2), options)).data, Float32Array.of(2, 4, 6, 8, 10, 12));
  });

  test("computes in bf16, and gives f32", async () => {
    // 257 has 9 bits: bf16 has 8, and ties go to even.
    const y = await compute(add(cast(tensor([256]), "bf16"), cast(tensor([1]), "bf16")), {
      executor: "reference",
    });
    assert.deepEqual(y, hostArray([1], [256]));
  });

  test("takes numbers that attributes cannot be", async () => {
    const masked = where(tensor([1, 0, 1]), tensor([0, 0, 0]), -Infinity);
    assert.deepEqual(await valuesOf(softmax(masked, 0)), [0.5, 0, 0.5]);
    assert.deepEqual(await valuesOf(maximum(tensor([1]), NaN)), [NaN]);
  });

  test("counts integers as floats", async () => {
    const hits = equal(
      argmax(
        tensor([
          [1, 3],
          [5, 2],
        ]),
        1,
      ),
      tensor(hostArray([2], [1, 1], "i32")),
    );
    assert.deepEqual(await valuesOf(mean(hits)), [0.5]);
  });
});

describe("constants", () => {
  test("have values, ranges and seeds", async () => {
    assert.deepEqual(await valuesOf(add(zeros([2]), full([2], 3))), [3, 3]);
    assert.deepEqual(await valuesOf(add(ones([]), tensor(1))), [2]);
    assert.deepEqual(await valuesOf(arange(1, 2, 0.25)), [1, 1.25, 1.5, 1.75]);
    const [a, b, c] = [
      randn([1000], { seed: 1 }),
      randn([1000], { seed: 1 }),
      randn([1000], { seed: 2 }),
    ];
    assert.deepEqual(await valuesOf(a), await valuesOf(b));
    assert.notDeepEqual(await valuesOf(a), await valuesOf(c));
    // 1,000 draws: the mean is within 4 deviations of 0, which are 4 / √1000 = 0.13; of uniform ones 0.5 ± 0.04.
    assert.ok(Math.abs((await valuesOf(mean(a)))[0]!) < 0.13);
    assert.ok(Math.abs((await valuesOf(mean(rand([1000]))))[0]! - 0.5) < 0.04);
  });

  test("refuse rows of several lengths", () => {
    const error = {
      code: "ERR_INPUT",
      message:
        "tensor: rows must be equally long and hold numbers: the first ones have the shape [2, 2], but there is a row of 1",
    };
    assert.throws(() => tensor([[1, 2], [3]]), error);
  });
});

describe("what does not fit together is refused in the user's axes", () => {
  const image = input("x", [4, 5, 2, 3]); // 2 samples of 3 channels, 4 x 5
  const vector = tensor([1, 2]);
  const refused: readonly (readonly [() => Tensor, string])[] = [
    [
      () => add(vector, tensor([1, 2, 3])),
      "add: the shapes do not broadcast: along axis 0 there are 2 and 3 elements\n  a  [2]\n  b  [3]",
    ],
    [
      () => sum(image, { axes: 4 }),
      "sum: there is no axis 4 of the shape [2, 3, 4, 5]: it has the axes -4 to 3",
    ],
    [() => sum(image, { axes: [1, -3] }), "sum: an axis comes twice in [1, -3]"],
    [
      () => reshape(image, [7, -1]),
      "reshape: 120 elements do not have the shape [7, -1]\n  x  [2, 3, 4, 5]",
    ],
    [() => permute(image, [0, 1]), "permute: [0, 1] must name each of the 4 axes once"],
    [
      () => matmul(tensor([[1, 2]]), tensor([[1, 2]])),
      "matmul: the matrices of a have 2 columns, but those of b 1 rows\n  a  [1, 2]   M K\n  b  [1, 2]   K N",
    ],
    [
      () => concat([image, vector]),
      "concat: the shapes may differ only along axis 0\n  first  [2, 3, 4, 5]\n  other  [2]",
    ],
    [
      () => slice(image, 1, { start: 3 }),
      "slice: nothing of axis 1 lies from 3 to 3 in steps of 1\n  x  [2, 3, 4, 5]",
    ],
    [() => flip(vector, 1), "slice: there is no axis 1 of the shape [2]: it has the axes -1 to 0"],
    [
      () => pad(vector, [[-1, 0]]),
      "pad: takes two counts for each of the 1 axes, but there are [[-1,0]]",
    ],
    [() => squeeze(image, 1), "squeeze: axis 1 has 3 elements, not 1\n  x  [2, 3, 4, 5]"],
    [() => unsqueeze(vector, 3), "unsqueeze: there is no place 3 in [2]"],
    [() => layerNorm(image, [3]), "layerNorm: the last axes must be [3]\n  x  [2, 3, 4, 5]"],
    [
      () => groupNorm(image, 2),
      "groupNorm: 3 channels of the shape [2, 3, 4, 5] do not divide into 2 groups",
    ],
    [() => conv2d(vector, vector), "conv2d: x needs 4 axes but has 1\n  x  [2]   N C H W"],
    [
      () => conv2d(image, zeros([1, 3, 3, 3]), { padding: "same", stride: 2 }),
      "conv2d: padding same takes a stride of 1",
    ],
    [
      () => convTranspose2d(image, zeros([3, 1, 3, 3]), { stride: [1, 0] }),
      "convTranspose2d: stride must be an integer of at least 1, or two, but it is [1,0]",
    ],
    [
      () => maxPool2d(image, { kernel: [5, 2] }),
      "maxPool2d: a window of 5 does not fit 4 pixels with padding 0\n  x  [2, 3, 4, 5]   N C H W",
    ],
    [
      () => avgPool2d(image, { kernel: 3, padding: 2 }),
      "avgPool2d: padding must be at most half of the kernel 3, but it is 2",
    ],
    [() => upsample(image, {}), "upsample: takes a size in pixels or a scale, one of the two"],
    [() => add(1, 2), "add: one of the operands must be a tensor, but they are 1 and 2"],
    [() => arange(0), "arange: there are no numbers from 0 to 0 in steps of 1"],
  ];
  for (const [build, message] of refused)
    test(message.split("\n")[0]!, () => assert.throws(build, { message }));

  test("an input without a value, and state", async () => {
    const message = (what: string): object => ({
      code: "ERR_INPUT",
      message: `compute: the expression depends on the ${what}, which has no value: begin with tensor, zeros or randn, or give inputs`,
    });
    await assert.rejects(compute(image, { executor: "reference" }), message('input "x"'));
    await assert.rejects(compute(state("w", [1])), message('state "w"'));
  });
});
