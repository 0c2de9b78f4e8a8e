// The portable entry, bundled, in headless Chromium: it trains to the losses and predicts the logits that Node has.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { build } from "esbuild";
import { createExecutor } from "../../src/executors/create-executor.js";
import { sourceOf } from "../../src/interop/write-safetensors.js";
import { Classifier } from "../../src/node/predict/classifier.js";
import { writeCheckpoint } from "../../src/node/runs/checkpoint-file.js";
import { writeTestCheckpoint } from "../helpers/checkpoint.js";
import { chromiumSkip, openPage } from "./chromium.js";
import { logitsOf } from "./predict-small.js";
import { trainSmall } from "./train-small.js";

/** What an expression gives in a page that has a bundle of these modules as `page`. */
async function inPage<Result>(t: TestContext, module: string, expression: string): Promise<Result> {
  const { outputFiles } = await build({
    entryPoints: [`dist/test/browser/${module}.js`],
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    globalName: "page",
    logLevel: "error",
  });
  const page = await openPage(t);
  await page.addScriptTag({ content: outputFiles[0]!.text });
  return page.evaluate<Result>(expression);
}

test("a page trains a network to the losses that Node has", { skip: chromiumSkip }, async (t) => {
  const losses = await inPage<number[]>(t, "train-small", "page.trainSmall()");
  const expected = await trainSmall();
  assert.equal(losses.length, expected.length);
  assert.ok(expected[0]! > expected[4]!, `it learns: ${expected.join(", ")}`);
  for (const [i, loss] of losses.entries())
    assert.ok(Math.abs(loss / expected[i]! - 1) < 1e-6, `${loss} in the page, ${expected[i]} here`);
});

test(
  "a page opens a checkpoint's bytes and predicts the logits that Node has",
  { skip: chromiumSkip },
  async (t) => {
    const { file, description, state } = await writeTestCheckpoint(t);
    await writeCheckpoint(file, description, sourceOf(state)); // with a checksum
    const base64 = readFileSync(file).toString("base64");
    const bytes = `Uint8Array.from(atob("${base64}"), (letter) => letter.charCodeAt(0))`;
    const logits = await inPage<number[]>(t, "predict-small", `page.predictSmall(${bytes})`);
    const executor = await createExecutor("reference");
    t.after(() => executor.close());
    const expected = await logitsOf(await Classifier.open(file, executor));
    assert.equal(logits.length, 3);
    assert.ok(new Set(expected).size === 3, `they differ: ${expected.join(", ")}`);
    for (const [i, logit] of logits.entries())
      assert.ok(
        Math.abs(logit / expected[i]! - 1) < 1e-6,
        `${logit} in the page, ${expected[i]} here`,
      );
  },
);
