// A page in headless Chromium, on this machine's own.
import { existsSync } from "node:fs";
import type { TestContext } from "node:test";
import assert from "node:assert/strict";
import { chromium, type Page } from "playwright-core";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Why tests in a page are skipped; false where there is a browser. */
export const chromiumSkip = existsSync(executablePath)
  ? (false as const)
  : `there is no ${executablePath}: apt install chromium, or name another with CHROMIUM`;

/** Gives Chromium's WebGPU a GPU in software. */
export const softwareGpu = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** An empty page, in which no error may be thrown. It is closed after the test. */
export async function openPage(t: TestContext, args: readonly string[] = []): Promise<Page> {
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", ...args] });
  t.after(() => browser.close());
  const page = await browser.newPage();
  page.on("pageerror", (error) => assert.fail(error));
  return page;
}
