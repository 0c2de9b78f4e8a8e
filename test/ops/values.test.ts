// Values that need no PyTorch: small integers, definitions, and what must never happen.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { input } from "../../src/graph/tensor.js";
import { conv2dOp } from "../../src/ops/conv2d.js";
import { dropout } from "../../src/ops/dropout.js";
import { ingest } from "../../src/ops/ingest.js";
import { maxPool2dOp } from "../../src/ops/max-pool2d.js";
import { relu } from "../../src/ops/relu.js";
import { opsByName } from "../../src/ops/registry.js";
import { softmaxCrossEntropy } from "../../src/ops/softmax-cross-entropy.js";
import { stochasticDepth } from "../../src/ops/stochastic-depth.js";
import { subsample } from "../../src/ops/subsample.js";
import { forEachTap, tapCount, windowOutput } from "../../src/ops/window.js";
import { hostArray, type HostArray } from "../../src/tensor/host-array.js";
import { randomKey } from "../../src/tensor/random.js";
import { randomArray } from "../helpers/arrays.js";
import { executorsUnderTest } from "../helpers/executors.js";
import { runOps } from "../helpers/run.js";

describe("taps of a window", () => {
  test("tapCount counts what forEachTap visits, whatever the padding", () => {
    for (const kernel of [
      [1, 1],
      [2, 3],
      [3, 3],
      [7, 7],
    ] as const) {
      for (const stride of [1, 2, 3]) {
        for (const padding of [0, 1, 2, 5]) {
          for (const image of [
            [1, 1],
            [3, 5],
            [7, 4],
            [8, 8],
          ] as const) {
            const [h, w] = image;
            if (h + 2 * padding < kernel[0] || w + 2 * padding < kernel[1]) continue;
            const output = windowOutput("", image, kernel, { stride, padding });
            const sizes = { image, kernel, output, stride, padding };
            let visits = 0;
            forEachTap(sizes, () => visits++);
            assert.equal(tapCount(sizes), visits, JSON.stringify(sizes));
          }
        }
      }
    }
  });

  test("a convolution's work counts no padding: two operations for each tap and channel", () => {
    const x = input("x", [2, 2, 5, 3]);
    const weight = input("weight", [3, 3, 3, 4]);
    const attrs = { stride: 1, padding: 1, groups: 1, activation: "none", slope: 0 } as const;
    const outputs = conv2dOp.trace({ x, weight }, attrs);
    // Each of the 4 windows sees all 4 pixels.
    assert.equal(conv2dOp.flops({ x, weight }, outputs, attrs), 2 * 16 * 5 * 3 * 4);
  });
});

test("the registry knows ops by their own names", () => {
  for (const [name, op] of opsByName) assert.equal(op.name, name);
});

for (const { name, create } of executorsUnderTest) {
  describe(`values on ${name}`, () => {
    const run = async (...args: Parameters<typeof runOps>): ReturnType<typeof runOps> => {
      const executor = create();
      try {
        return await runOps(args[0], args[1], { executor });
      } finally {
        await executor.close();
      }
    };

    test("dropout keeps its share, scales what it keeps, and masks the gradient alike", async () => {
      const n = 20_000;
      for (const probability of [0.1, 0.5, 0.9]) {
        const key = hostArray([2], randomKey(3, "dropout", probability * 10), "i32");
        const x = hostArray([n], new Float32Array(n).fill(2));
        const { y, z, other } = await run(
          (t) => ({
            y: dropout(t["x"]!, t["key"]!, { probability, stream: 0 }),
            z: dropout(t["x"]!, t["key"]!, { probability, stream: 0 }),
            other: dropout(t["x"]!, t["key"]!, { probability, stream: 1 }),
          }),
          { x, key },
        );
        const scaled = Math.fround(2 / (1 - probability));
        const kept = y!.data.filter((value) => value !== 0);
        // One float32 rounding of the scale more than in the reference.
        for (const value of kept) assert.ok(Math.abs(value - scaled) <= scaled * 2 ** -22);
        const error = Math.sqrt((probability * (1 - probability)) / n);
        assert.ok(
          Math.abs(kept.length / n - (1 - probability)) < 5 * error,
          `${kept.length} of ${n}`,
        );
        assert.deepEqual(y, z, "the same key and stream draw the same elements");
        assert.notDeepEqual(y, other, "another stream draws others");
      }
    });

    test("stochasticDepth keeps its share of samples, whole, and a dropped NaN stays NaN as in torchvision", async () => {
      const n = 4000;
      const probability = 0.25;
      const key = hostArray([2], randomKey(5, "depth"), "i32");
      const x = hostArray([2, 1, n, 3], new Float32Array(6 * n).fill(3));
      const build = (value: HostArray) =>
        run((t) => ({ y: stochasticDepth(t["x"]!, t["key"]!, { probability, stream: 2 }) }), {
          x: value,
          key,
        });
      const { y } = await build(x);
      const kept = Array.from({ length: n }, (_, i) => y!.data[3 * i] !== 0);
      y!.data.forEach((value, i) => {
        assert.ok(Math.abs(value - (kept[Math.floor(i / 3) % n] ? 4 : 0)) < 1e-6, `${i}: ${value}`);
      });
      const share = kept.filter(Boolean).length / n;
      const error = Math.sqrt((probability * (1 - probability)) / n);
      assert.ok(Math.abs(share - 0.75) < 5 * error, `${share}`);
      const dropped = kept.indexOf(false);
      x.data[3 * dropped] = NaN;
      assert.equal((await build(x))["y"]!.data[3 * dropped], NaN);
    });

    test("subsample is F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 1, 2))", async () => {
      // torch 2.13: x = arange(9.).view(1, 1, 3, 3)
      const x = hostArray([3, 3, 1, 1], [0, 1, 2, 3, 4, 5, 6, 7, 8]);
      const { y } = await run(
        (t) => ({ y: subsample(t["x"]!, { stride: 2, padChannels: [1, 2] }) }),
        {
          x,
        },
      );
      assert.deepEqual(y!.shape, [2, 2, 1, 4]);
      assert.deepEqual([...y!.data], [0, 0, 0, 0, 0, 2, 0, 0, 0, 6, 0, 0, 0, 8, 0, 0]);
    });

    test("relu gives NaN back", async () => {
      const x = hostArray([5], [NaN, 0, 2, -1, Infinity]);
      const { y } = await run((t) => ({ y: relu(t["x"]!) }), { x });
      assert.deepEqual([...y!.data], [NaN, 0, 2, 0, Infinity]);
    });

    test("maxPool2d: the first of equals wins, NaN beats everything, padding never wins", async () => {
      const pool = async (values: readonly number[]): Promise<readonly [number, number]> => {
        const { y, index } = await run(
          (t) => ({ ...maxPool2dOp.trace({ x: t["x"]! }, { kernel: 2, stride: 2, padding: 0 }) }),
          { x: hostArray([2, 2, 1, 1], values) },
        );
        return [y!.data[0]!, index!.data[0]!];
      };
      assert.deepEqual(await pool([1, 3, 3, 2]), [3, 1]);
      assert.deepEqual(await pool([-1, -2, -3, -4]), [-1, 0]);
      assert.deepEqual(await pool([1, 5, NaN, 9]), [NaN, 2]);
    });

    test("maxPool2d: where all is −∞ a pixel of the image wins, not the padding", async () => {
      const attrs = { kernel: 3, stride: 2, padding: 1 };
      const { y, index } = await run((t) => ({ ...maxPool2dOp.trace({ x: t["x"]! }, attrs) }), {
        x: hostArray([2, 2, 1, 1], [-Infinity, -Infinity, -Infinity, -Infinity]),
      });
      // Tap 4 is the middle of the window, the first pixel inside: as in PyTorch.
      assert.deepEqual([y!.data[0], index!.data[0]], [-Infinity, 4]);
    });

    test("ingest scales, normalizes and turns rows into H W N C", async () => {
      const images = hostArray([2, 1, 2, 1], [0, 255, 51, 102], "u8");
      const indices = hostArray([3], [1, 0, 1], "i32");
      const attrs = { mean: [0.2], std: [0.5] };
      const { x } = await run((t) => ({ x: ingest(t["images"]!, t["indices"]!, attrs) }), {
        images,
        indices,
      });
      assert.deepEqual(x!.shape, [1, 2, 3, 1]);
      const expected = [0, -0.4, 0, 0.4, 1.6, 0.4];
      expected.forEach((value, i) => assert.ok(Math.abs(x!.data[i]! - value) < 1e-7, `${i}`));
    });

    test("a uniform guess loses ln K, and the first of equal logits is the guess", async () => {
      const logits = hostArray([2, 4]);
      const labels = hostArray([2], [0, 3], "i32");
      const { loss, correct } = await run(
        (t) => ({ ...softmaxCrossEntropy(t["logits"]!, t["labels"]!) }),
        { logits, labels },
      );
      assert.ok(Math.abs(loss!.data[0]! - Math.log(4)) < 1e-6);
      assert.equal(correct!.data[0], 1);
    });

    test("names the sample whose row or label is out of range", async () => {
      const bad = (indices: HostArray): Promise<unknown> =>
        run((t) => ({ x: ingest(t["images"]!, t["indices"]!, { mean: [0], std: [1] }) }), {
          images: hostArray([5, 1, 1, 1], undefined, "u8"),
          indices,
        });
      // The whole text is the reference's; others have the code and the same numbers.
      const error = (message: string, numbers: RegExp): object => ({
        code: "ERR_INDEX",
        message: name === "reference" ? message : numbers,
      });
      await assert.rejects(
        bad(hostArray([3], [0, 4, 5], "i32")),
        error("ingest: sample 2 asks for row 5, expected 0 … 4", /ingest.* 2 .*5.* 4$/),
      );
      await assert.rejects(
        bad(hostArray([2], [-1, 0], "i32")),
        error("ingest: sample 0 asks for row -1, expected 0 … 4", /ingest.* 0 .*-1.* 4$/),
      );
      const guess = run((t) => ({ ...softmaxCrossEntropy(t["logits"]!, t["labels"]!) }), {
        logits: randomArray([2, 3], 1),
        labels: hostArray([2], [1, 3], "i32"),
      });
      await assert.rejects(
        guess,
        error(
          "softmaxCrossEntropy: sample 1 has label 3, expected 0 … 2",
          /softmaxCrossEntropy.* 1 .*3.* 2$/,
        ),
      );
    });
  });
}
