import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { printGraph } from "../../src/graph/print.js";
import { verifyGraph } from "../../src/graph/verify.js";
import { fuse } from "../../src/planner/fuse.js";
import { assertGolden } from "../helpers/golden.js";
import { tinyEvaluation, tinyTraining } from "../helpers/tiny-model.js";

describe("printGraph", () => {
  for (const [name, make] of [
    ["train-step", tinyTraining],
    ["evaluate", tinyEvaluation],
  ] as const) {
    test(`${name}, as traced and fused`, () => {
      for (const [kind, graph] of [
        ["traced", make()],
        ["fused", fuse(make())],
      ] as const) {
        verifyGraph(graph);
        assertGolden(`test/graph/golden/${name}.${kind}.txt`, printGraph(graph));
      }
    });
  }

  test("prints equal graphs alike, whatever was traced before", () => {
    assert.equal(printGraph(tinyTraining()), printGraph(tinyTraining()));
  });
});
