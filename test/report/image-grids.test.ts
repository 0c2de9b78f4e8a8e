import assert from "node:assert/strict";
import { describe, test } from "node:test";
import sharp from "sharp";
import type { ImageBytes } from "../../src/data/transforms/image-bytes.js";
import {
  imageOf,
  mistakeGrid,
  predictionGrid,
  type ScoredImages,
} from "../../src/node/report/image-grid.js";
import type { Figure } from "../../src/report/figure.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { texts } from "../helpers/svg.js";
import { emptyScores, scoreSamples } from "../../src/train/scores.js";

/** Rows of two classes; a row's logits are `[0, margin]`. */
function scored(margins: readonly number[], labels: readonly number[]): ScoredImages {
  const scores = emptyScores(margins.length);
  const logits = margins.flatMap((margin) => [0, margin]);
  scoreSamples(scores, 0, logits, margins.length, Int32Array.from(labels));
  return {
    scores,
    labels: Int32Array.from(labels),
    classes: ["cat", "<dog>"],
    readImage: (row) => ({ height: 2, width: 2, channels: 1, data: new Uint8Array(4).fill(row) }),
  };
}

/** The images in the file, decoded, in order. */
const imagesIn = ({ svg }: Figure) =>
  Promise.all(
    [...svg.matchAll(/data:image\/png;base64,([^"]*)"/g)].map(([, base64]) =>
      sharp(Buffer.from(base64!, "base64")).raw().toBuffer({ resolveWithObject: true }),
    ),
  );

/** The rows that the images were made of: `scored` paints each in its own grey. */
const rowsIn = async (grid: Figure): Promise<number[]> =>
  (await imagesIn(grid)).map(({ data }) => data[0]!);

describe("predictionGrid", () => {
  test("says of each image what it was taken for, and what it is", async () => {
    const svg = await predictionGrid(scored([2, -2, 2], [1, 0, 0]));
    assert.deepEqual(
      texts(svg).toSorted(),
      [
        "Predictions",
        "2 of these 3 are right: prediction with its probability, then the truth",
        "&lt;dog&gt; 88 %",
        "&lt;dog&gt; 88 %",
        "cat 88 %",
        "is &lt;dog&gt;",
        "is cat",
        "is cat 12 %",
      ].toSorted(),
    );
    assert.deepEqual(await rowsIn(svg), [0, 1, 2]);
  });

  test("takes 32 images from all over the data set", async () => {
    const svg = await predictionGrid(scored(Array(64).fill(1), Array(64).fill(0)));
    assert.deepEqual(
      await rowsIn(svg),
      Array.from({ length: 32 }, (_, i) => 2 * i),
    );
  });
});

describe("mistakeGrid", () => {
  test("shows mistakes only, the worst first", async () => {
    const svg = await mistakeGrid(scored([1, 3, 9, -2, 0.5], [0, 0, 1, 1, 0]));
    assert.deepEqual(await rowsIn(svg), [1, 3, 0, 4]);
    assert.match(texts(svg).join(" "), /among 4 mistakes in 5 images/);
  });

  test("is a page without images where nothing is wrong", async () => {
    const svg = await mistakeGrid(scored([1], [1]));
    assert.match(texts(svg).join(" "), /among 0 mistakes in 1 images/);
    assert.deepEqual(await rowsIn(svg), []);
  });
});

test("a grid has rows of the same length, of at most eight", async () => {
  const shapeOf = async (count: number): Promise<string> => {
    const { svg } = await predictionGrid(scored(Array(count).fill(1), Array(count).fill(0)));
    const places = [...svg.matchAll(/<image x="([\d.]+)" y="([\d.]+)"/g)];
    return [1, 2].map((axis) => new Set(places.map((place) => place[axis])).size).join(" x ");
  };
  const shapes = await Promise.all([3, 8, 9, 12, 17].map(shapeOf));
  assert.deepEqual(shapes, ["3 x 1", "8 x 1", "5 x 2", "6 x 2", "6 x 3"]);
});

describe("the images of a grid", () => {
  const draw = async (image: ImageBytes) => {
    const svg = await predictionGrid({ ...scored([1], [0]), readImage: () => image });
    return (await imagesIn(svg))[0]!;
  };

  test("are enlarged by a whole factor, pixel by pixel", async () => {
    const { data, info } = await draw({
      height: 2,
      width: 2,
      channels: 1,
      data: Uint8Array.of(0, 50, 100, 250),
    });
    assert.deepEqual([info.width, info.height], [96, 96]);
    const corners = [0, 95, 95 * 96, 96 * 96 - 1].map((i) => data[i * info.channels]);
    assert.deepEqual(corners, [0, 50, 100, 250]);
  });

  test("keep their proportions and colours when they are reduced", async () => {
    const pixels = Uint8Array.from({ length: 100 * 200 * 3 }, (_, i) => [200, 100, 50][i % 3]!);
    const { data, info } = await draw({ height: 100, width: 200, channels: 3, data: pixels });
    assert.deepEqual([info.width, info.height, ...data.subarray(0, 3)], [96, 48, 200, 100, 50]);
  });

  test("come from a data set by row", () => {
    const images = hostArray(
      [2, 1, 2, 3],
      Uint8Array.from({ length: 12 }, (_, i) => i),
      "u8",
    );
    const labels = hostArray([2], Int32Array.of(0, 0), "i32");
    const read = imageOf({ name: "n", images, labels, classes: ["a"] });
    assert.deepEqual(read(1), {
      height: 1,
      width: 2,
      channels: 3,
      data: Uint8Array.of(6, 7, 8, 9, 10, 11),
    });
  });
});
