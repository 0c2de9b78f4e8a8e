import assert from "node:assert/strict";
import { test } from "node:test";
import { ChannelCounts, datasetStatistics } from "../../src/data/channel-statistics.js";
import { transformDataset } from "../../src/data/transforms/compose-transforms.js";
import { parseTransforms } from "../../src/data/transforms/transform-text.js";
import { randomIntegers } from "../helpers/arrays.js";

test("statistics are those of the images as evaluation sees them", async () => {
  const data = {
    name: "random",
    images: randomIntegers([150, 6, 9, 3], 1, 256, "u8"),
    labels: randomIntegers([150], 2, 4, "i32"),
    classes: ["a", "b", "c", "d"],
  };
  const list = parseTransforms("resize(12) centerCrop(7)");
  const counts = new ChannelCounts(3);
  counts.add(transformDataset(data, list).images.data);
  const statistics = await datasetStatistics(data, list);
  assert.deepEqual(statistics, counts.statistics());
  assert.ok(statistics.mean.every((mean) => Math.abs(mean - 0.5) < 0.02));
  assert.ok(statistics.std.every((std) => std > 0.15 && std < 0.29)); // smoothed, so below √(1/12)
});
