// What is said about the choice of an executor.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createExecutor,
  executorNames,
  registerExecutor,
} from "../../src/executors/create-executor.js";
import { UnavailableError } from "../../src/executors/unavailable-error.js";
import { ReferenceExecutor } from "../../src/executors/reference/reference-executor.js";
import "../../src/node/native/register.js";
import { nativeCapabilities } from "../../src/node/native/load-addon.js";
import { nativeSkip } from "../helpers/executors.js";

test(
  "threads that have to share processors are worth a notice",
  { skip: nativeSkip || false },
  async () => {
    const { threads } = nativeCapabilities();
    const notices: string[] = [];
    for (const count of [threads, threads + 1]) {
      const onNotice = (notice: string): number => notices.push(notice);
      await (await createExecutor("native", { threads: count, onNotice })).close();
    }
    assert.deepEqual(notices, [
      `${threads + 1} threads share ${threads} processors and wait for each other: slow`,
    ]);
  },
);

test("executors are registered by name, and auto takes the last that this machine can run", async () => {
  const made: string[] = [];
  registerExecutor("imaginary", async () => {
    throw new UnavailableError("ERR_IMAGINARY", "no such device", "the imaginary one is missing");
  });
  registerExecutor("other", async () => {
    made.push("other");
    return new ReferenceExecutor();
  });
  registerExecutor("imaginary", async () => {
    throw new UnavailableError("ERR_IMAGINARY", "no such device", "the imaginary one is missing");
  });
  assert.deepEqual(executorNames().slice(0, 3), ["auto", "imaginary", "other"]);
  const notices: string[] = [];
  const executor = await createExecutor("auto", { onNotice: (notice) => notices.push(notice) });
  await executor.close();
  assert.deepEqual(made, ["other"]);
  assert.match(notices.join(), /^the imaginary one is missing; running on the reference executor/);
  await assert.rejects(createExecutor("imaginary"), { code: "ERR_IMAGINARY" });
  await assert.rejects(createExecutor("cuda"), {
    code: "ERR_EXECUTOR",
    message: /no executor is named "cuda"; there are: auto, imaginary, other/,
  });
});
