// The steps that a run keeps for its charts: which, and what of them a run that goes on finds.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, test } from "node:test";
import { formatSteps, isLogged, readSteps } from "../../src/node/runs/step-log.js";
import type { LoggedStep } from "../../src/train/callbacks.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

const kept = (steps: number, epochs: number): number[] =>
  Array.from({ length: steps }, (_, i) => i + 1).filter((step) =>
    isLogged({ step, steps }, epochs),
  );

const at = (epoch: number, step: number): LoggedStep => ({
  epoch,
  step,
  steps: 3,
  loss: 1 / step,
  accuracy: 0.5,
  learningRate: 0.1,
});

describe("a log of steps", () => {
  test("keeps up to 50 steps of an epoch, and some 500 of a run, at equal distances", () => {
    assert.deepEqual(kept(3, 2), [1, 2]);
    assert.equal(kept(469, 2).length, 49);
    assert.deepEqual(kept(20, 100), [4, 8, 12, 16]);
    assert.deepEqual(kept(469, 1000), []); // the ends of epochs are enough
    assert.deepEqual(kept(1, 5), []);
  });

  test("comes back up to where the training goes on", async (t) => {
    const file = path.join(scratchFolder(t), "steps.jsonl");
    const steps = [at(1, 1), at(1, 2), at(2, 1), at(2, 2), at(3, 1)];
    await writeFile(file, formatSteps(steps));
    assert.deepEqual(await readSteps(file, { epoch: 1, step: 1 }), steps.slice(0, 3));
    assert.deepEqual(await readSteps(file, { epoch: 2, step: 0 }), steps.slice(0, 4));
    assert.deepEqual(await readSteps(`${file}.none`, { epoch: 9, step: 0 }), []);
  });

  test("that is none is refused, and can be done without", async (t) => {
    const file = path.join(scratchFolder(t), "steps.jsonl");
    for (const text of ["{", "{}\n", '{"epoch":0}\n']) {
      await writeFile(file, text);
      await assert.rejects(readSteps(file, { epoch: 1, step: 0 }), {
        code: "ERR_RUN_DIRECTORY",
        message: `${file} is not a log of steps: remove it, and charts are drawn without it`,
      });
    }
  });
});
