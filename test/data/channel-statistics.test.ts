import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ChannelCounts } from "../../src/data/channel-statistics.js";

describe("ChannelCounts", () => {
  test("gives mean and deviation of each channel", () => {
    const counts = new ChannelCounts(2);
    counts.add(Uint8Array.of(0, 51, 255, 102)); // two pixels
    counts.add(Uint8Array.of(255, 153, 0, 204));
    // 0, 1, 1, 0 and 0.2, 0.4, 0.6, 0.8
    assert.deepEqual(counts.statistics(), { mean: [0.5, 0.5], std: [0.5, 0.223607] });
  });

  test("divides by 1 where a channel never changes", () => {
    const counts = new ChannelCounts(1);
    counts.add(new Uint8Array(10).fill(51));
    assert.deepEqual(counts.statistics(), { mean: [0.2], std: [1] });
  });
});
