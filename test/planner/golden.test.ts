import { test } from "node:test";
import { plan } from "../../src/planner/plan.js";
import { printProgram } from "../../src/program/print.js";
import { assertGolden } from "../helpers/golden.js";
import { tinyEvaluation, tinyTraining, tinyTrainingInBf16 } from "../helpers/tiny-model.js";

for (const [name, make] of [
  ["train-step", tinyTraining],
  ["train-step.bf16", tinyTrainingInBf16],
  ["evaluate", tinyEvaluation],
] as const) {
  test(`the program of ${name} is the one that was read and agreed to`, () => {
    assertGolden(`test/planner/golden/${name}.txt`, printProgram(plan(name, make())));
  });
}
