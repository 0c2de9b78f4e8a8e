// The portable entry, bundled, in headless Chromium: it trains to the losses that Node has.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { trainSmall } from "./train-small.js";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const skip = existsSync(executablePath)
  ? false
  : `there is no ${executablePath}: apt install chromium, or name another with CHROMIUM`;

test("a page trains a network to the losses that Node has", { skip }, async (t) => {
  const { outputFiles } = await build({
    entryPoints: ["dist/test/browser/train-small.js"],
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    globalName: "page",
    logLevel: "error",
  });
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  t.after(() => browser.close());
  const page = await browser.newPage();
  const errors: Error[] = [];
  page.on("pageerror", (error) => errors.push(error));
  await page.addScriptTag({ content: outputFiles[0]!.text });
  const losses = (await page.evaluate("page.trainSmall()")) as number[];
  const expected = await trainSmall();
  assert.deepEqual(errors, []);
  assert.equal(losses.length, expected.length);
  assert.ok(expected[0]! > expected[4]!, `it learns: ${expected.join(", ")}`);
  for (const [i, loss] of losses.entries())
    assert.ok(Math.abs(loss / expected[i]! - 1) < 1e-6, `${loss} in the page, ${expected[i]} here`);
});
