import assert from "node:assert/strict";
import { gradients } from "../../src/autodiff/gradients.js";
import { defineOp } from "../../src/graph/define-op.js";
import { graphOf } from "../../src/graph/graph.js";
import { input, type Leaf, type Tensor } from "../../src/graph/tensor.js";
import { verifyGraph } from "../../src/graph/verify.js";
import type { HostArray } from "../../src/tensor/host-array.js";
import { randomArray } from "./arrays.js";
import { assertClose } from "./assert-close.js";
import { interpret } from "./interpret.js";

/**
 * `Σ y · weights`, a loss whose gradient by y is `weights`. Only ever the last node of a graph, where
 * the gradient of the loss by itself is 1.
 */
const weightedSumOp = defineOp({
  name: "weightedSum",
  role: "forward",
  meaning: "`Σ y · weights`",
  inputs: { y: "float [...]", weights: "f32 [...]" },
  outputs: { loss: "f32 []" },
  attrs: {},
  shape: () => ({ loss: { shape: [], dtype: "f32" } }),
  gradient: ({ weights }) => ({ y: weights }),
  flops: () => 0,
  reference({ y, weights }, { loss }) {
    let sum = 0;
    for (let i = 0; i < y.data.length; i++) sum += y.data[i]! * weights.data[i]!;
    loss.data[0] = sum;
  },
});

/** The gradients of y by tensors, given `dy`; ops of the library only, so that executors can run them. */
export const gradientsUnder = (
  y: Tensor,
  dy: Tensor,
  by: Iterable<Tensor>,
): ReadonlyMap<Tensor, Tensor> => gradients(y, by, dy);

export interface GradientCheck {
  /** Names of the inputs to differentiate by. Default every float. */
  readonly by?: readonly string[];
  /** Step of the differences. Default 1e-5: truncation 1e-10 and rounding 1e-11 times the loss. */
  readonly step?: number;
  /** Default 1e-6 of the largest component: both errors above, with room for third derivatives. */
  readonly rtol?: number;
}

/** Asserts that traced gradients are those that central differences give, all in float64. */
export function checkGradients(
  build: (leaves: Readonly<Record<string, Leaf>>) => Tensor,
  inputs: Readonly<Record<string, HostArray>>,
  { by, step = 1e-5, rtol = 1e-6 }: GradientCheck = {},
): void {
  const leaves = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, dtype }]) => [name, input(name, shape, dtype)]),
  );
  const y = build(leaves);
  const weights = input("weights", y.shape);
  const { loss } = weightedSumOp.trace({ y, weights }, {});
  const names = by ?? Object.keys(inputs).filter((name) => inputs[name]!.dtype === "f32");
  const traced = gradients(
    loss,
    names.map((name) => leaves[name]!),
  );
  const forward = graphOf({ loss });
  const outputs = Object.fromEntries(names.map((name) => [name, traced.get(leaves[name]!)!]));
  const backward = graphOf(outputs);
  verifyGraph(backward);

  const values = { ...inputs, weights: randomArray(y.shape, 999) };
  const all = interpret(graphOf({ ...outputs, loss }), values);
  for (const name of names) {
    const { shape, data } = inputs[name]!;
    const exact = all(outputs[name]!);
    assert.deepEqual(exact.shape, shape, `the gradient by ${name} has the shape of ${name}`);
    const moved = Float64Array.from(data);
    const lossAt = (i: number, by: number): number => {
      moved[i] = data[i]! + by;
      const sum = interpret(forward, { ...values, [name]: { shape, data: moved } })(loss).data[0]!;
      moved[i] = data[i]!;
      return sum;
    };
    const differences = Float64Array.from(
      data,
      (_, i) => (lossAt(i, step) - lossAt(i, -step)) / (2 * step),
    );
    assert.ok(
      differences.some((value) => value !== 0),
      `the loss depends on ${name}`,
    );
    // Gradients that vanish, as behind a batch norm's bias, are compared to the size of the loss's terms.
    assertClose(exact.data, differences, { rtol, atol: 1e-9 }, `gradient by ${name}`);
  }
}
