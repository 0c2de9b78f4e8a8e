// Every kind of network against PyTorch in float64: names, logits in training and evaluation, loss, every gradient.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gradients } from "../../src/autodiff/gradients.js";
import { graphOf } from "../../src/graph/graph.js";
import { input } from "../../src/graph/tensor.js";
import { fromTorchLayout, nchwToHwnc, toTorchLayout } from "../../src/interop/torch-layout.js";
import { namedParameters, namedState } from "../../src/nn/module.js";
import { traceModule } from "../../src/nn/trace-module.js";
import { softmaxCrossEntropy } from "../../src/ops/softmax-cross-entropy.js";
import type { Values } from "../../src/graph/define-op.js";
import { hostArray, type HostArray } from "../../src/tensor/host-array.js";
import { assertClose } from "../helpers/assert-close.js";
import { draw } from "../helpers/fixtures.js";
import { interpretAll } from "../helpers/interpret.js";
import { makeNetwork, networks, relatives, specOf } from "../helpers/network-rows.js";

/**
 * Both sides compute in float64, but the fixture keeps 12 digits, and up to 50 batch norms of a few samples magnify the
 * roundings of sums in another order.
 */
const rtol = 1e-8;

/** Logits of another shape than `[N, K]` would be compared element by element nonetheless: both are row-major. */
const flat = ({ data }: Values): ArrayLike<number> => data;

for (const row of [...networks, ...relatives]) {
  describe(row.name, () => {
    const { seed, classes, batch } = row;
    const [channels, height, columns] = row.image;
    const model = makeNetwork(row);
    const values: Record<string, HostArray> = {
      images: nchwToHwnc(draw(seed, "images", { shape: [batch, ...row.image], scale: 2 })),
      labels: draw(seed, "labels", { shape: [batch], below: classes }),
    };
    for (const [name, ...shape] of row.state) {
      values[name] = fromTorchLayout(draw(seed, name, specOf(name, shape)));
    }
    const images = () => input("images", [height, columns, batch, channels]);

    test("has its names and shapes", () => {
      const ours = [...namedState(model)].map(([name, leaf]) => [name, ...leaf.torchShape]);
      const byName = (rows: readonly (readonly unknown[])[]): unknown[] =>
        rows.map((entry) => JSON.stringify(entry)).sort();
      assert.deepEqual(byName(ours), byName(row.state));
      assert.deepEqual(
        [...namedParameters(model).keys()],
        row.gradients.map(([name]) => name),
        "parameters in PyTorch's order",
      );
    });

    test("gives its logits in evaluation", () => {
      const { result } = traceModule(model, false, () => model.call(images()));
      const { logits } = interpretAll(graphOf({ logits: result }), values);
      assertClose(flat(logits!), row.evalLogits, { rtol }, "logits");
    });

    test("gives its logits, loss and gradients in training", () => {
      const { result } = traceModule(model, true, () => {
        const logits = model.call(images());
        const { loss } = softmaxCrossEntropy(logits, input("labels", [batch], "i32"));
        const parameters = namedParameters(model);
        const traced = gradients(loss, parameters.values());
        const named = [...parameters].map(([name, leaf]) => [name, traced.get(leaf)!] as const);
        return { logits, loss, ...Object.fromEntries(named) };
      });
      const outputs = interpretAll(graphOf(result), values);
      assertClose(flat(outputs["logits"]!), row.logits, { rtol }, "logits");
      assertClose(flat(outputs["loss"]!), [row.loss], { rtol }, "loss");
      for (const [name, norm, first, last] of row.gradients) {
        const { shape, data } = outputs[name]!;
        const floats = hostArray(shape, Float32Array.from(data));
        const ends = toTorchLayout(floats).data;
        const length = Math.sqrt(Float64Array.from(data).reduce((sum, x) => sum + x * x, 0));
        // A convolution's bias before a batch norm has no gradient but roundings of terms of about 1.
        assertClose([length], [norm], { rtol, atol: 1e-10 }, `norm of the gradient by ${name}`);
        const float32 = 1e-7 * norm; // `toTorchLayout` takes float32
        assertClose(
          [ends[0]!, ends.at(-1)!],
          [first, last],
          { rtol: 0, atol: float32 + 1e-10 },
          `gradient by ${name}`,
        );
      }
    });
  });
}
