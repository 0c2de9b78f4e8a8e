import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { progressLine, wrapFields } from "../../src/node/cli/progress.js";

describe("progressLine", () => {
  const details = ["step 3/16", "loss 0.5000", "900 images/s", "2 min 5 s left"];
  const line = (width: number): string => progressLine(0.5, details, width);

  test("has everything where there is room", () => {
    assert.equal(
      line(100),
      `${"━".repeat(12)}${"─".repeat(12)} 50% | step 3/16 | loss 0.5000 | 900 images/s | 2 min 5 s left`,
    );
  });

  test("shortens and drops the bar, then the details from the left", () => {
    assert.equal(
      line(70),
      "━━━━──── 50% | step 3/16 | loss 0.5000 | 900 images/s | 2 min 5 s left",
    );
    assert.equal(line(62), "50% | step 3/16 | loss 0.5000 | 900 images/s | 2 min 5 s left");
    assert.equal(line(40), "50% | 900 images/s | 2 min 5 s left");
    assert.equal(line(20), "50% | 2 min 5 s left");
    assert.equal(line(19), "50%");
  });

  test("is never wider than the terminal", () => {
    for (let width = 5; width < 120; width++) assert.ok(line(width).length <= width, `${width}`);
  });

  test("does not say 100% before the end", () => {
    assert.equal(progressLine(0.999, ["x"], 10), "99% | x");
  });
});

test("wrapFields breaks between fields", () => {
  const fields = ["epoch 1/2", "loss 0.5000", "900 images/s"];
  assert.equal(wrapFields(fields, Infinity), "epoch 1/2   loss 0.5000   900 images/s");
  assert.equal(wrapFields(fields, 30), "epoch 1/2   loss 0.5000\n  900 images/s");
  assert.equal(wrapFields(fields, 5), "epoch 1/2\n  loss 0.5000\n  900 images/s");
});
