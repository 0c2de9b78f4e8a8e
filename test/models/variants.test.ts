// The options that models of the catalogue take as data: all that a factory has, and none that does nothing.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { graphOf } from "../../src/graph/graph.js";
import { printGraph } from "../../src/graph/print.js";
import { input } from "../../src/graph/tensor.js";
import {
  hasOption,
  createModel,
  models,
  defaultInput,
  type VariantOptions,
} from "../../src/models/catalog.js";
import { namedState, type Module } from "../../src/nn/module.js";
import { traceModule } from "../../src/nn/trace-module.js";
import { variantSchema } from "../../src/checkpoint/model-variant.js";

/** What is not the default of any model. */
const others: Required<VariantOptions> = {
  width: 48,
  stem: "cifar",
  shortcut: "B",
  strideOn: "1x1",
  pool: "avg",
  zeroLastNorm: true,
  stochasticDepth: 0.5,
  dropout: 0.5,
};

/** A model as text: what it computes in training, and what its vectors begin with. */
function printed(model: Module, channels: number): string {
  const { result, updates } = traceModule(model, true, () =>
    model.call(input("x", [32, 32, 2, channels])),
  );
  const vectors = [...namedState(model)].filter(([, { shape }]) => shape.length === 1);
  const first = vectors.map(([name, leaf]) => `${name} ${leaf.initialize(1, name).data[0]}`);
  return [printGraph(graphOf({ result }, updates)), ...first].join("\n");
}

describe("the options of models", () => {
  test("are those that a configuration may say", () => {
    assert.deepEqual(Object.keys(variantSchema.shape).sort(), Object.keys(others).sort());
  });

  for (const name of Object.keys(models).filter((each) => !/\d{3}/.test(each))) {
    test(`${name} changes with each that it takes, and refuses the others by name`, () => {
      const { image, classes } = defaultInput(name);
      const size = { classes, channels: image[0] };
      const plain = printed(models[name]!(), image[0]);
      for (const [option, value] of Object.entries(others)) {
        const asked = { [option]: value };
        const factory = models[name] as (options: object) => Module;
        if (hasOption(name, option)) {
          const changed = printed(factory({ ...asked, ...size }), image[0]);
          assert.notEqual(changed, plain, option);
          assert.equal(printed(createModel(name, { ...asked, ...size }), image[0]), changed);
        } else {
          assert.throws(() => createModel(name, { ...asked, ...size }), {
            code: "ERR_MODEL",
            message: new RegExp(`^${name} has no option "${option}": its options are width`),
          });
          assert.throws(() => factory({ ...asked, ...size }), { code: "ERR_ARGUMENT" });
        }
      }
    });
  }
});
