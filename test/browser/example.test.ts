// The example page: it trains in a Worker, stays responsive, and keeps weights that Node evaluates alike.
import assert from "node:assert/strict";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { Page } from "playwright-core";
import { servePage } from "../../examples/browser/serve.js";
import { skipWithoutFashionMnist } from "../helpers/fashion-mnist.js";
import { resnet } from "../helpers/resnet-command.js";
import { scratchFolder } from "../helpers/scratch-folder.js";
import { chromiumSkip, openPage, softwareGpu } from "./chromium.js";

/** Training takes a GPU in software some minutes on a busy machine. */
const timeout = 480_000;

interface Sizes {
  readonly train: number;
  readonly valid: number;
  readonly epochs: number;
}

async function openExample(t: TestContext, args: readonly string[] = []): Promise<Page> {
  const { url, close } = await servePage();
  t.after(close);
  const page = await openPage(t, args);
  await page.goto(url);
  await page.waitForSelector("body[data-busy=false]");
  return page;
}

async function start(page: Page, executor: string, sizes: Sizes): Promise<void> {
  await page.selectOption("[name=executor]", executor);
  for (const [name, value] of Object.entries(sizes))
    await page.fill(`[name=${name}]`, String(value));
  await page.click("#start");
}

const textOf = (page: Page, selector: string): Promise<string> =>
  page.locator(selector).innerText({ timeout });

const skip = chromiumSkip || skipWithoutFashionMnist;

describe("the example page", { skip }, () => {
  test("trains cifar-resnet20 on the GPU, and Node finds the accuracy of its weights", async (t) => {
    const page = await openExample(t, softwareGpu);
    await start(page, "webgpu", { train: 256, valid: 64, epochs: 1 });

    // While a Worker trains, the page answers and draws.
    await page.locator("#status", { hasText: "step 2 of 8" }).waitFor({ timeout });
    assert.equal(page.workers().length, 1);
    assert.equal(await page.locator("body").getAttribute("data-busy"), "true");
    await page.fill("[name=epochs]", "3");
    assert.equal(await page.inputValue("[name=epochs]"), "3");

    await page.waitForSelector("body[data-busy=false]", { timeout });
    assert.equal(await textOf(page, "#status"), "done: this browser keeps the weights");
    assert.equal(await page.locator("#notice").innerText(), "");
    const circles = await page.locator("#chart circle").count();
    assert.equal(circles, 8 + 1, "a dot for each step, and one for the validation");
    assert.equal(await page.locator("#pictures canvas").count(), 16);

    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
    const file = path.join(scratchFolder(t), download.suggestedFilename());
    await download.saveAs(file);
    const { status, stdout, stderr } = resnet("eval", file, "--split=valid", "--json");
    assert.equal(status, 0, stderr);
    const { accuracy, samples } = JSON.parse(stdout) as Record<"accuracy" | "samples", number>;
    assert.equal(samples, 64);
    const shown = await page.locator("#accuracy").getAttribute("data-value");
    assert.equal(Number(shown), accuracy);

    const screenshots = process.env["RESNET_SCREENSHOTS"];
    for (const width of screenshots ? [1280, 390] : []) {
      await page.setViewportSize({ width, height: 900 });
      await page.screenshot({ path: path.join(screenshots!, `${width}.png`), fullPage: true });
    }
  });

  test("without WebGPU it says so and trains on, stops when asked to, and keeps weights for the next visit", async (t) => {
    const page = await openExample(t);
    assert.equal(await page.locator("#kept").isVisible(), false);
    await start(page, "auto", { train: 16, valid: 16, epochs: 1 });
    await page.waitForSelector("body[data-busy=false]", { timeout });
    assert.equal(await textOf(page, "#status"), "done: this browser keeps the weights");
    assert.match(await textOf(page, "#notice"), /^WebGPU finds no GPU here: /);

    await page.reload();
    await page.waitForSelector("#kept", { state: "visible" });
    await page.check("[name=goesOn]");
    await start(page, "reference", { train: 16, valid: 16, epochs: 9 });
    await page.locator("#status", { hasText: "step 1 of 1" }).waitFor({ timeout });
    await page.click("#stop");
    await page.waitForSelector("body[data-busy=false]", { timeout });
    assert.equal(await textOf(page, "#status"), "stopped");

    await page.click("#forget");
    await page.waitForSelector("#kept", { state: "hidden" });
    assert.equal(await page.isEnabled("[name=goesOn]"), false);
  });
});
