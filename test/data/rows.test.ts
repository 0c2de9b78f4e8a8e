import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { epochBatches, shuffleKey } from "../../src/data/batches.js";
import { splitRows } from "../../src/data/split.js";
import { takeRows } from "../../src/data/dataset.js";
import { hostArray } from "../../src/tensor/host-array.js";

const sorted = (rows: Iterable<number>): number[] => [...rows].sort((a, b) => a - b);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe("splitRows", () => {
  for (const [rows, train, valid] of [
    [60000, 10000, 1000],
    [10, 7, 3],
    [10, 0, 10],
    [1, 1, 0],
    [0, 0, 0],
  ] as const) {
    test(`takes ${train} and ${valid} of ${rows} rows, none twice`, () => {
      const split = splitRows(rows, { train, valid }, 7);
      assert.equal(split.train.length, train);
      assert.equal(split.valid.length, valid);
      const taken = new Set([...split.train, ...split.valid]);
      assert.equal(taken.size, train + valid);
      for (const row of taken) assert.ok(row >= 0 && row < rows);
    });
  }

  test("gives the same rows for the same seed, others for another", () => {
    const rows = (seed: number) => [...splitRows(100, { train: 50 }, seed).train];
    assert.deepEqual(rows(1), rows(1));
    assert.notDeepEqual(rows(1), rows(2));
    assert.notDeepEqual(rows(1), rows(1 + 2 ** 32));
  });

  test("mixes the rows", () => {
    const { train } = splitRows(1000, { train: 100 }, 1);
    const mean = train.reduce((sum, row) => sum + row, 0) / 100;
    assert.ok(Math.abs(mean - 499.5) < 115, `mean ${mean}`); // four standard errors of 28.9
  });

  test("lists the parts when they exceed the rows", () => {
    assert.throws(() => splitRows(60000, { train: 59500, valid: 1000 }, 1), {
      name: "DataError",
      code: "ERR_DATA_ROWS",
      message:
        "the parts take 60500 rows (train 59500, valid 1000) but the data set has 60000: take fewer",
    });
  });

  test("names the part whose size is not a whole number", () => {
    for (const size of [-1, 1.5, Number.NaN]) {
      assert.throws(() => splitRows(10, { train: 5, valid: size }, 1), {
        code: "ERR_DATA_ROWS",
        message: `the size of valid is ${size} but takes a whole number of 0 or more`,
      });
    }
  });
});

describe("epochBatches", () => {
  const rows = Int32Array.from([40, 41, 42, 43, 44, 45, 46]);

  test("keeps the order without a key; the last batch is smaller", () => {
    const batches = epochBatches(rows, 3, null);
    assert.deepEqual(
      batches.map((batch) => [...batch]),
      [[40, 41, 42], [43, 44, 45], [46]],
    );
  });

  test("has no empty batch where the rows divide evenly", () => {
    assert.deepEqual(
      epochBatches(rows, 7, null).map((batch) => batch.length),
      [7],
    );
    assert.deepEqual(epochBatches(new Int32Array(), 7, null), []);
  });

  test("visits each row once an epoch, in another order each epoch and seed", () => {
    const many = Int32Array.from(upTo(100), (i) => 3 * i);
    const order = (seed: number, epoch: number) =>
      epochBatches(many, 32, shuffleKey(seed, epoch)).flatMap((batch) => [...batch]);
    assert.deepEqual(sorted(order(1, 0)), [...many]);
    assert.deepEqual(order(1, 0), order(1, 0));
    assert.notDeepEqual(order(1, 0), [...many]);
    assert.notDeepEqual(order(1, 0), order(1, 1));
    assert.notDeepEqual(order(1, 0), order(2, 0));
  });

  test("names a batch size that is none", () => {
    for (const size of [0, -3, 2.5]) {
      assert.throws(() => epochBatches(rows, size, null), {
        name: "DataError",
        code: "ERR_DATA_ROWS",
        message: `the batch size is ${size} but takes a whole number of 1 or more`,
      });
    }
  });
});

describe("takeRows", () => {
  const dataset = {
    name: "tiny train",
    images: hostArray([3, 1, 2, 1], [1, 2, 3, 4, 5, 6], "u8"),
    labels: hostArray([3], [0, 1, 0], "i32"),
    classes: ["cat", "dog"],
  };

  test("takes images and labels in the order of the rows", () => {
    const taken = takeRows(dataset, [2, 1, 2]);
    assert.deepEqual(taken.images, hostArray([3, 1, 2, 1], [5, 6, 3, 4, 5, 6], "u8"));
    assert.deepEqual(taken.labels, hostArray([3], [0, 1, 0], "i32"));
    assert.deepEqual(taken.classes, dataset.classes);
  });

  test("takes none", () => {
    assert.deepEqual(takeRows(dataset, []).images.shape, [0, 1, 2, 1]);
  });

  test("names a row that is not there", () => {
    for (const row of [3, -1, 0.5]) {
      assert.throws(() => takeRows(dataset, [0, row]), {
        name: "DataError",
        code: "ERR_DATA_ROWS",
        message: `row ${row} was asked for but tiny train has rows 0 to 2`,
      });
    }
  });
});
