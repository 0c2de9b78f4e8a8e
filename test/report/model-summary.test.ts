import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cifarResnet } from "../../src/models/cifar-resnet.js";
import { resnet18 } from "../../src/models/resnet.js";
import { formatSummary } from "../../src/report/model-summary.js";
import { summarize } from "../../src/report/model-summary.js";
import { trainingMemory } from "../../src/report/training-memory.js";

describe("summarize", () => {
  test("lists the layers in order, with the parameter-free shortcut", () => {
    const { layers, parameters, memory } = summarize(
      "cifar-resnet20",
      cifarResnet(20),
      [3, 32, 32],
    );
    assert.equal(parameters, 269_722);
    assert.equal(memory, undefined, "no batch, no memory");
    const shortcut = layers.find(({ name }) => name === "layer2.0.shortcut");
    assert.deepEqual(shortcut, {
      name: "layer2.0.shortcut",
      type: "Subsample",
      output: [32, 16, 16],
      parameters: 0,
      multiplyAdds: 0,
    });
    assert.equal(
      layers.reduce((sum, layer) => sum + layer.parameters, 0),
      parameters,
    );
  });

  test("counts 41 million multiply-adds for cifar-resnet20", () => {
    // akamaster counts 0.04 GFLOPS; by hand: stem, 6 convolutions of 16, 32 and 64 channels each, but for the
    // first of stages 2 and 3, which read half of the channels; linear.
    const conv = (pixels: number, cin: number, cout: number): number => pixels * 9 * cin * cout;
    const expected =
      conv(1024, 3, 16) +
      6 * conv(1024, 16, 16) +
      conv(256, 16, 32) +
      5 * conv(256, 32, 32) +
      conv(64, 32, 64) +
      5 * conv(64, 64, 64) +
      640;
    assert.equal(summarize("", cifarResnet(20), [3, 32, 32]).multiplyAdds, expected);
  });
});

describe("memory of training", () => {
  const model = resnet18({ classes: 10, channels: 1 });
  const image = [1, 28, 28];

  test("is parameters and statistics, velocities, and the arena of the planned step", () => {
    const memory = trainingMemory(model, image, 64);
    const statistics = 2 * 4800; // channels of the batch norms: 64·5 + 128·5 + 256·5 + 512·5
    assert.equal(memory.parameterBytes, 4 * (11_175_370 + statistics));
    assert.equal(memory.optimizerBytes, 4 * 11_175_370);
    assert.equal(
      memory.totalBytes,
      memory.parameterBytes + memory.optimizerBytes + memory.arenaBytes,
    );
  });

  test("grows with the batch as the activations do", () => {
    const [small, large] = [64, 128].map((batch) => trainingMemory(model, image, batch));
    assert.equal(small!.parameterBytes, large!.parameterBytes);
    assert.equal(small!.optimizerBytes, large!.optimizerBytes);
    // At least what the backward pass reads: each of the 20 convolutions' outputs.
    const outputs = 4 * 64 * (14 * 14 * 64 + 4 * 49 * 64 + 5 * 16 * 128 + 5 * 4 * 256 + 5 * 512);
    assert.ok(small!.arenaBytes > outputs, `${small!.arenaBytes} of ${outputs}`);
    assert.ok(large!.arenaBytes > 1.5 * small!.arenaBytes);
  });

  test("stands below the table", () => {
    const text = formatSummary(summarize("resnet18", model, image, { batch: 64 }));
    assert.match(
      text,
      /\nmultiply-adds {2}[\d,]+ for one image\nmemory to train on a batch of 64\n {2}parameters and statistics +44\.7 MB\n {2}velocities of SGD +44\.7 MB\n {2}activations and gradients +[\d.]+ MB\n {2}total +[\d.]+ MB$/,
    );
  });
});
