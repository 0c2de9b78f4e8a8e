// What is said about the choice of an executor.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createExecutor } from "../../src/executors/create-executor.js";
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
