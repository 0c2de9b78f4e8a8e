// Class weights and balanced sampling in a whole training.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { balancedClassWeights, countLabels } from "../../src/data/labels.js";
import type { TrainConfigInput } from "../../src/train/config/config.js";
import { dividedRows } from "../../src/data/folder-parts.js";
import { batchesOfEpoch } from "../../src/train/epoch-batches.js";
import type { BatchSource } from "../../src/train/sources/batch-source.js";

import { reference } from "../helpers/executors.js";
import { randomConfig, randomDataset } from "../helpers/random-dataset.js";
import { TinyModel } from "../helpers/tiny-model.js";
import { trainOn } from "../helpers/train-on.js";

const data = { train: randomDataset(17, 1), valid: randomDataset(6, 2) };
data.train.labels.data.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2]);
const labels = data.train.labels.data;

/** The losses of a training. */
async function train(change: Partial<TrainConfigInput>): Promise<readonly number[]> {
  const executor = reference.create();
  const config = randomConfig({ epochs: 2, batch: 5, ...change });
  try {
    const { epochs } = await trainOn(executor, config, new TinyModel(), { data });
    return epochs.map(({ trainLoss }) => trainLoss);
  } finally {
    await executor.close();
  }
}

/** The rows that each epoch visits, and how often it has visited each before. */
async function visitsOf(change: Partial<TrainConfigInput>) {
  const config = randomConfig({ epochs: 2, batch: 5, ...change });
  const visited: number[][] = [];
  const visits: number[][] = [];
  const source = {
    rows: labels.length,
    labels,
    batches(rows: readonly Int32Array[], _: unknown, before: readonly Int32Array[]) {
      visited.push(rows.flatMap((each) => [...each]));
      visits.push(before.flatMap((each) => [...each]));
      return [];
    },
  } as unknown as BatchSource;
  for (const epoch of [0, 1])
    for await (const _ of batchesOfEpoch(source, config, epoch)) assert.fail("there is no batch");
  return { visited, visits };
}

describe("class weights in a training", () => {
  test("'balanced' are the numbers of the training labels", async () => {
    const numbers = balancedClassWeights(labels, 3);
    const losses = await train({ classWeights: "balanced" });
    assert.deepEqual(losses, await train({ classWeights: numbers }));
    assert.notDeepEqual(losses, await train({}));
  });

  test("that are equal change nothing, whatever their size", async () => {
    assert.deepEqual(await train({ classWeights: [2, 2, 2] }), await train({ classWeights: null }));
  });

  test("must be as many as the model has classes", async () => {
    await assert.rejects(train({ classWeights: [1, 2] }), {
      code: "ERR_CONFIG",
      message: "classWeights has 2 numbers, and there are 3 classes: give one for each",
    });
  });
});

/** How often each entry has been in the list before. */
const earlier = (list: readonly number[]): number[] =>
  list.map((row, i) => list.slice(0, i).filter((each) => each === row).length);

describe("sampling of an epoch", () => {
  test("says of a repeated image which visit it is, so that it is augmented anew", async () => {
    for (const change of [{}, { sampling: "balanced", accumulate: 2 }] as const) {
      const { visited, visits } = await visitsOf(change);
      assert.deepEqual(visits, visited.map(earlier));
      assert.equal(Math.max(...visits.flat()), "sampling" in change ? 5 : 0);
    }
  });

  test("'shuffle' takes every image once", async () => {
    const { visited } = await visitsOf({});
    for (const rows of visited)
      assert.deepEqual(
        [...rows].sort((a, b) => a - b),
        [...labels.keys()],
      );
  });

  test("'balanced' takes as many of each class, in an order of each epoch", async () => {
    const { visited } = await visitsOf({ sampling: "balanced" });
    assert.equal(visited.length, 2);
    for (const rows of visited) {
      const counts = countLabels(
        rows.map((row) => labels[row]!),
        3,
      );
      assert.deepEqual([...counts.sort()], [5, 6, 6]);
    }
    assert.notDeepEqual(visited[0], visited[1]);
  });
});

test("a stratified run has each class in its proportion", () => {
  const many = Int32Array.from({ length: 1000 }, (_, row) => Number(row % 10 === 0));
  const rows = dividedRows(many, {
    trainSize: 500,
    validSize: 100,
    testSize: null,
    seed: 3,
    stratify: true,
  });
  assert.deepEqual(
    [
      ...countLabels(
        [...rows.train].map((row) => many[row]!),
        2,
      ),
    ],
    [450, 50],
  );
  assert.deepEqual(
    [
      ...countLabels(
        [...rows.valid].map((row) => many[row]!),
        2,
      ),
    ],
    [90, 10],
  );
});
