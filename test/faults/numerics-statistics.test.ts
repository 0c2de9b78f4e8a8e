// Batch statistics keep their digits where the mean is far from zero: on every executor, and wherever they are computed.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Executor } from "../../src/executors/executor.js";
import { graphOf } from "../../src/graph/graph.js";
import { input } from "../../src/graph/tensor.js";
import { batchNormStatisticsOp, meanAndVariance } from "../../src/ops/batch-norm-statistics.js";
import { conv2d } from "../../src/ops/conv2d.js";
import { plan } from "../../src/planner/plan.js";
import { hostArray, type HostArray } from "../../src/tensor/host-array.js";
import { ulp } from "../helpers/assert-close.js";
import { executorsUnderTest } from "../helpers/executors.js";
import { draw, statisticsFixture } from "../helpers/fixtures.js";

const { size, scale, seeds, rows: magnitudes } = statisticsFixture();
const rows = magnitudes.flatMap((row) => [row, { ...row, mean: -row.mean }]);
const count = size[0] * size[1] * size[2];
/** Winograd's products take 32 channels or more. */
const channels = 32;

/** `[H, W, N, C]`: a channel for each mean of the fixture, with deviation 1; zeros in the others. */
function imagesOf(seed: number): HostArray<"f32"> {
  const values = new Float32Array(count * channels);
  for (const [c, { mean }] of rows.entries()) {
    const { data } = draw(seed, `mean ${mean}`, { shape: size, scale, center: mean });
    for (let i = 0; i < count; i++) values[i * channels + c] = data[i]!;
  }
  return hostArray([...size, channels], values);
}

/** A square filter that copies each channel: 1 in the middle, 0 elsewhere. */
function copyingFilter(kernel: number): HostArray<"f32"> {
  const shape = [kernel, kernel, channels, channels];
  const weight = new Float32Array(kernel * kernel * channels * channels);
  const middle = (kernel * kernel - 1) / 2;
  for (let c = 0; c < channels; c++) weight[(middle * channels + c) * channels + c] = 1;
  return hostArray(shape, weight);
}

interface Measured {
  readonly y: Float32Array;
  readonly mean: Iterable<number> & ArrayLike<number>;
  readonly variance: Iterable<number> & ArrayLike<number>;
}

const shape = [...size, channels];

async function alone(executor: Executor, x: HostArray<"f32">): Promise<Measured> {
  const graph = graphOf(batchNormStatisticsOp.trace({ x: input("x", shape) }, {}));
  const { mean, variance } = await (await executor.load(plan("statistics", graph))).run({ x });
  return { y: x.data, mean: mean!.data, variance: variance!.data };
}

/** Statistics in the epilogue of a convolution, of what it stores. */
const afterConvolution =
  (kernel: number) =>
  async (executor: Executor, x: HostArray<"f32">): Promise<Measured> => {
    const weight = copyingFilter(kernel);
    const y = conv2d(input("x", shape), input("weight", weight.shape), {
      stride: 1,
      padding: (kernel - 1) / 2,
      groups: 1,
    });
    const program = plan(
      "statistics",
      graphOf({ y, ...batchNormStatisticsOp.trace({ x: y }, {}) }),
    );
    assert.deepEqual(
      program.instructions.map(({ op }) => op),
      ["conv2d"],
      "the statistics are part of the convolution",
    );
    const results = await (await executor.load(program)).run({ x, weight });
    const stored = results["y"]!.data as Float32Array;
    return { y: stored, mean: results["mean"]!.data, variance: results["variance"]!.data };
  };

const ways: Readonly<Record<string, typeof alone>> = {
  "by batchNormStatistics": alone,
  "in a convolution's epilogue": afterConvolution(1),
  "in the epilogue of Winograd's products": afterConvolution(3),
};

/** The exact statistics of what was stored. */
function exactStatistics(y: Float32Array) {
  const empty = () => ({ shape: [channels], data: new Float64Array(channels) });
  const [mean, variance] = [empty(), empty()];
  meanAndVariance({ shape, data: y }, mean, variance);
  return { mean: mean.data, variance: variance.data };
}

for (const { name, create } of executorsUnderTest) {
  describe(`on ${name}`, () => {
    for (const [way, measure] of Object.entries(ways)) {
      test(`means up to 10,000 cost batch statistics ${way} no more digits than PyTorch's`, async (t) => {
        const executor = create();
        t.after(() => executor.close());
        const worst = rows.map(() => ({ mean: 0, variance: 0 }));
        for (const seed of seeds) {
          const { y, ...found } = await measure(executor, imagesOf(seed));
          const exact = exactStatistics(y);
          for (const [c, row] of worst.entries()) {
            for (const key of ["mean", "variance"] as const) {
              row[key] = Math.max(row[key], Math.abs(found[key][c]! - exact[key][c]!));
            }
          }
        }
        for (const [c, row] of rows.entries()) {
          const { mean, variance } = worst[c]!;
          // One rounding of the result besides four times PyTorch's error, which may happen to be small.
          const allowed = {
            mean: 4 * row.meanError + ulp * Math.max(1, Math.abs(row.mean)),
            variance: 4 * row.varianceError + ulp,
          };
          for (const key of ["mean", "variance"] as const) {
            const error = { mean, variance }[key];
            const what = `${key} of values around ${row.mean}`;
            assert.ok(error <= allowed[key], `${what}: off by ${error}, allowed ${allowed[key]}`);
          }
        }
      });
    }

    test("infinities and NaN in one channel leave the statistics of the others alone", async (t) => {
      const executor = create();
      t.after(() => executor.close());
      const x = imagesOf(1);
      const finite = await alone(executor, x);
      const spoilt = hostArray(x.shape, x.data.slice());
      const specials = [NaN, Infinity, -Infinity];
      for (const [i, value] of specials.entries()) spoilt.data[(100 + i) * channels + i] = value;
      spoilt.data[200 * channels + 3] = Infinity;
      spoilt.data[300 * channels + 3] = -Infinity;
      const { mean, variance } = await alone(executor, spoilt);
      assert.deepEqual([...mean].slice(0, 4), [NaN, Infinity, -Infinity, NaN]);
      assert.deepEqual([...variance].slice(0, 4), [NaN, NaN, NaN, NaN]);
      assert.deepEqual([...mean].slice(4), [...finite.mean].slice(4));
      assert.deepEqual([...variance].slice(4), [...finite.variance].slice(4));
    });
  });
}
