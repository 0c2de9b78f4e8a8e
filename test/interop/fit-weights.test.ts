import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fitWeights } from "../../src/interop/fit-weights.js";
import type { StoredArray } from "../../src/interop/stored-array.js";
import { hostArray } from "../../src/tensor/host-array.js";
import type { Shape } from "../../src/tensor/shape.js";

const expected = new Map<string, Shape>([
  ["conv1.weight", [4, 3, 3, 3]],
  ["bn1.running_mean", [4]],
  ["fc.weight", [10, 4]],
  ["fc.bias", [10]],
]);

const counter: StoredArray = { shape: [], dtype: "i64", data: new BigInt64Array([5n]) };

const file = (shapes: Readonly<Record<string, Shape>>, prefix = ""): Map<string, StoredArray> =>
  new Map(Object.entries(shapes).map(([name, shape]) => [prefix + name, hostArray(shape)]));

const whole = {
  "conv1.weight": [4, 3, 3, 3],
  "bn1.running_mean": [4],
  "fc.weight": [10, 4],
  "fc.bias": [10],
};

const fit = (weights: ReadonlyMap<string, StoredArray>, replaceable?: ReadonlySet<string>) =>
  fitWeights(weights, expected, { file: "file", ...(replaceable && { replaceable }) });

describe("fitWeights", () => {
  for (const prefix of ["", "module.", "_orig_mod.module.", "model."]) {
    test(`takes names that all begin with "${prefix}"`, () => {
      const weights = file(whole, prefix).set(`${prefix}bn1.num_batches_tracked`, counter);
      const { state, counters, replaced } = fit(weights);
      assert.deepEqual([...state.keys()], [...expected.keys()]);
      assert.equal(state.get("fc.weight"), weights.get(`${prefix}fc.weight`));
      assert.deepEqual([...counters], [["bn1.num_batches_tracked", counter]]);
      assert.deepEqual(replaced, []);
    });
  }

  test("lists what is missing, unexpected or wrong at once, the first five", () => {
    const weights = file({ "conv1.weight": [4, 3, 7, 7], "fc.weight": [10, 4], extra: [2] });
    weights.set("fc.bias", hostArray([10], undefined, "i32"));
    weights.set("layer.num_batches_tracked", counter);
    assert.throws(() => fit(weights), {
      name: "InteropError",
      code: "ERR_WEIGHTS_MATCH",
      message: [
        "file: these weights are not of this model. Differences:",
        "missing     bn1.running_mean [4]",
        "unexpected  extra [2]",
        "unexpected  layer.num_batches_tracked []",
        "wrong dtype fc.bias is i32, the model's is f32",
        "wrong shape conv1.weight [4, 3, 7, 7], the model has [4, 3, 3, 3]",
      ].join("\n  "),
    });
  });

  test("names both where two names of the file are one of the model", () => {
    const weights = new Map([
      ["layer1.0.downsample.0.weight", hostArray([4, 3, 1, 1])],
      ["layer1.0.shortcut.0.weight", hostArray([4, 3, 1, 1])],
    ]);
    const shapes = new Map([["layer1.0.shortcut.0.weight", [4, 3, 1, 1]]]);
    assert.throws(() => fitWeights(weights, shapes, { file: "file" }), {
      code: "ERR_WEIGHTS_MATCH",
      message:
        "file: these weights are not of this model. Differences:\n  twice       layer1.0.shortcut.0.weight, " +
        "as layer1.0.downsample.0.weight and as layer1.0.shortcut.0.weight",
    });
  });

  test("prints names of the file on one line each, and not without end", () => {
    const weights = file({ "a\u001b[2J\nb": [1], ["c".repeat(300)]: Array<number>(500).fill(1) });
    for (let i = 0; i < 5000; i++) weights.set(`extra${i}`, hostArray([1]));
    assert.throws(
      () => fit(weights),
      ({ message }: Error) => {
        const lines = message.split("\n");
        assert.equal(lines.length, 6);
        assert.match(lines[0]!, /The first 5 of 5006 differences:$/);
        assert.ok(lines.every((line) => line.length < 250 && !line.includes("\u001b")));
        assert.ok(lines.includes("  unexpected  a?[2J?b [1]"), message);
        return true;
      },
    );
  });

  test("leaves out what may be replaced, where it is of another shape or missing", () => {
    const { "fc.bias": bias, ...rest } = { ...whole, "fc.weight": [7, 4] };
    void bias;
    const head = new Set(["fc.weight", "fc.bias"]);
    const { state, replaced } = fit(file(rest), head);
    assert.deepEqual(replaced, ["fc.weight", "fc.bias"]);
    assert.deepEqual([...state.keys()], ["conv1.weight", "bn1.running_mean"]);
  });

  test("but keeps it where it fits", () => {
    const { replaced } = fit(file(whole), new Set(["fc.weight"]));
    assert.deepEqual(replaced, []);
  });
});
