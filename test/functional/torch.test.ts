// Functions of tensors against PyTorch, forwards and backwards, on every executor, with images in both orders of memory.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { gradients } from "../../src/autodiff/gradients.js";
import * as elementwise from "../../src/functional/elementwise.js";
import * as convolution from "../../src/functional/convolution.js";
import * as pooling from "../../src/functional/pooling.js";
import * as normalization from "../../src/functional/normalization.js";
import * as products from "../../src/functional/products.js";
import * as reductions from "../../src/functional/reductions.js";
import * as resampling from "../../src/functional/resample.js";
import * as shapes from "../../src/functional/shapes.js";
import { imageOrder } from "../../src/graph/axis-order.js";
import { Leaf, type Tensor } from "../../src/graph/tensor.js";
import { compute } from "../../src/runtime/compute.js";
import type { Shape } from "../../src/tensor/shape.js";
import { assertClose, ulp } from "../helpers/assert-close.js";
import { executorsUnderTest } from "../helpers/executors.js";
import { draw, tensorCases, type TensorCase } from "../helpers/fixtures.js";

type Options = Readonly<Record<string, never>>;
type Call = (tensors: Readonly<Record<string, Tensor>>, options: Options) => Tensor;

const list = (tensors: Readonly<Record<string, Tensor>>): readonly Tensor[] =>
  Object.values(tensors);

/** Functions that do not take their tensors one after the other and then an object of options. */
const calls: Readonly<Record<string, Call>> = {
  softmax: ({ a }, { axis }) => reductions.softmax(a!, axis!),
  logSoftmax: ({ a }, { axis }) => reductions.logSoftmax(a!, axis!),
  argmax: ({ a }, { axis }) => reductions.argmax(a!, axis!),
  reshape: ({ a }, { shape }) => shapes.reshape(a!, shape!),
  permute: ({ a }, { axes }) => shapes.permute(a!, axes!),
  transpose: ({ a }) => shapes.transpose(a!),
  unsqueeze: ({ a }, { axis }) => shapes.unsqueeze(a!, axis!),
  squeeze: ({ a }, { axis }) => shapes.squeeze(a!, axis!),
  broadcastTo: ({ a }, { shape }) => shapes.broadcastTo(a!, shape!),
  concat: (tensors, { axis }) => shapes.concat(list(tensors), axis),
  stack: (tensors, { axis }) => shapes.stack(list(tensors), axis),
  slice: ({ a }, { axis, ...range }) => shapes.slice(a!, axis!, range),
  flip: ({ a }, { axis }) => shapes.flip(a!, axis!),
  pad: ({ a }, { widths, value }) => shapes.pad(a!, widths!, value),
  conv2d: ({ a, weight, bias }, options) => convolution.conv2d(a!, weight!, { ...options, bias }),
  convTranspose2d: ({ a, weight, bias }, options) =>
    convolution.convTranspose2d(a!, weight!, { ...options, bias }),
  adaptiveAvgPool2d: ({ a }, { size }) => pooling.adaptiveAvgPool2d(a!, size!),
  layerNorm: ({ a, ...affine }, { normalizedShape, eps }) =>
    normalization.layerNorm(a!, normalizedShape!, { ...affine, eps: eps! }),
  groupNorm: ({ a, ...affine }, { groups, eps }) =>
    normalization.groupNorm(a!, groups!, { ...affine, eps: eps! }),
};

type Anything = (...values: readonly unknown[]) => Tensor;
const named = {
  ...elementwise,
  ...pooling,
  ...resampling,
  ...reductions,
  ...products,
} as unknown as Readonly<Record<string, Anything>>;

function apply({ call, options }: TensorCase, tensors: Readonly<Record<string, Tensor>>): Tensor {
  const special = calls[call];
  if (special) return special(tensors, options as Options);
  // A number stands for one of the two operands.
  if ("a" in options || "b" in options) {
    const { a, b } = { ...options, ...tensors };
    return named[call]!(a, b);
  }
  return named[call]!(...list(tensors), options);
}

/** An input of the user's shape; images lie H W N C in memory, and weights as users give them. */
function leafOf(name: string, shape: Shape, isImage: boolean): Leaf {
  if (!isImage || shape.length !== 4 || name === "weight")
    return new Leaf("input", name, shape, "f32", null);
  const [n, c, h, w] = shape;
  return new Leaf("input", name, [h!, w!, n!, c!], "f32", imageOrder);
}

for (const { name: executorName, create } of executorsUnderTest) {
  describe(`PyTorch's numbers on ${executorName}`, () => {
    const executor = create();
    after(() => executor.close());
    for (const each of tensorCases()) {
      const hasImages = Object.values(each.inputs).some(({ shape }) => shape.length === 4);
      for (const isImage of hasImages ? [false, true] : [false]) {
        test(`${each.name}${isImage ? ", as images" : ""}`, async () => {
          const leaves = Object.fromEntries(
            Object.entries(each.inputs).map(([name, { shape }]) => [
              name,
              leafOf(name, shape, isImage),
            ]),
          );
          const y = apply(each, leaves);
          const wanted: Record<string, Tensor> = { y };
          const names = Object.keys(each.expected).filter((name) => name !== "y");
          const values = { ...each.inputs };
          if (names.length > 0) {
            const { shape } = each.expected["y"]!;
            const dy = new Leaf("input", "dy", y.shape, "f32", y.order);
            values["dy"] = draw(each.seed, "dy", { shape, scale: 1 });
            const by = names.map((name) => leaves[name.slice(1)]!);
            const found = gradients(y, by, dy);
            names.forEach((name, i) => (wanted[name] = found.get(by[i]!)!));
          }
          const results = await compute(wanted, { executor, inputs: values });
          for (const [name, { shape, values: expected, deviation }] of Object.entries(
            each.expected,
          )) {
            assert.deepEqual(results[name]!.shape, shape, name);
            // PyTorch's numbers are `deviation` off the exact ones, and so may ours be. 16 ulp: the C library's functions of both.
            assertClose(results[name]!.data, expected, { rtol: 4 * deviation + 16 * ulp }, name);
          }
        });
      }
    }
  });
}
