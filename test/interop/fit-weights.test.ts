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

describe("fitWeights", () => {
  for (const prefix of ["", "module.", "_orig_mod.module.", "model."]) {
    test(`takes names that all begin with "${prefix}"`, () => {
      const weights = file(whole, prefix).set(`${prefix}bn1.num_batches_tracked`, counter);
      const { state, counters, replaced } = fitWeights(weights, expected, new Set(), "file");
      assert.deepEqual([...state.keys()], [...expected.keys()]);
      assert.equal(state.get("fc.weight"), weights.get(`${prefix}fc.weight`));
      assert.deepEqual([...counters], [["bn1.num_batches_tracked", counter]]);
      assert.deepEqual(replaced, []);
    });
  }

  test("lists everything that is missing, unexpected or wrong at once", () => {
    const weights = file({ "conv1.weight": [4, 3, 7, 7], "fc.weight": [10, 4], extra: [2] });
    weights.set("fc.bias", hostArray([10], undefined, "i32"));
    weights.set("layer.num_batches_tracked", counter);
    assert.throws(() => fitWeights(weights, expected, new Set(), "file"), {
      name: "InteropError",
      code: "ERR_WEIGHTS_MATCH",
      message: [
        "file: these weights are not of this model:",
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
      ["resnet.embedder.embedder.convolution.weight", hostArray([4, 3, 3, 3])],
      ["embedder.embedder.convolution.weight", hostArray([4, 3, 3, 3])],
    ]);
    assert.throws(
      () => fitWeights(weights, new Map([...expected].slice(0, 1)), new Set(), "file"),
      {
        code: "ERR_WEIGHTS_MATCH",
        message:
          "file: these weights are not of this model:\n  twice       conv1.weight, " +
          "as resnet.embedder.embedder.convolution.weight and as embedder.embedder.convolution.weight",
      },
    );
  });

  test("prints names of the file on one line each, and not without end", () => {
    const weights = file({ "a\u001b[2J\nb": [1], ["c".repeat(300)]: Array<number>(500).fill(1) });
    for (let i = 0; i < 5000; i++) weights.set(`extra${i}`, hostArray([1]));
    assert.throws(
      () => fitWeights(weights, expected, new Set(), "file"),
      ({ message }: Error) => {
        const lines = message.split("\n");
        assert.equal(lines.length, 2002);
        assert.equal(lines.at(-1), "  … and 3006 more");
        assert.ok(lines.includes("  unexpected  a?[2J?b [1]"));
        assert.ok(lines.every((line) => line.length < 250 && !line.includes("\u001b")));
        return true;
      },
    );
  });

  test("leaves out what may be replaced, where it is of another shape or missing", () => {
    const { "fc.bias": bias, ...rest } = { ...whole, "fc.weight": [7, 4] };
    void bias;
    const head = new Set(["fc.weight", "fc.bias"]);
    const { state, replaced } = fitWeights(file(rest), expected, head, "file");
    assert.deepEqual(replaced, ["fc.weight", "fc.bias"]);
    assert.deepEqual([...state.keys()], ["conv1.weight", "bn1.running_mean"]);
  });

  test("but keeps it where it fits", () => {
    const { replaced } = fitWeights(file(whole), expected, new Set(["fc.weight"]), "file");
    assert.deepEqual(replaced, []);
  });
});
