import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import { lockDirectory } from "../../src/node/files/lock-directory.js";

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "resnet-ts-lock-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

/** A lock as a process leaves it that could not remove it. */
async function leaveLock(folder: string, owner: object | string): Promise<void> {
  await mkdir(path.join(folder, ".lock"));
  const text = typeof owner === "string" ? owner : JSON.stringify(owner);
  await writeFile(path.join(folder, ".lock", "owner"), text);
}

/** The number of a process that has ended. */
async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ["--eval", ""]);
  await once(child, "exit");
  return child.pid!;
}

describe("lockDirectory", () => {
  test("is held by one at a time, and leaves nothing behind", async (t) => {
    const folder = await temporaryFolder(t);
    const lock = await lockDirectory(folder);
    assert.equal(await lock.isHeld(), true);
    await assert.rejects(lockDirectory(folder), {
      code: "ERR_RUN_DIRECTORY",
      message: `${folder} is in use by process ${process.pid}: wait until it ends, or stop it`,
    });
    await lock.release();
    assert.equal(await lock.isHeld(), false);
    assert.deepEqual(await readdir(folder), []);
    await (await lockDirectory(folder)).release();
  });

  test("takes over from a process that has died", async (t) => {
    const folder = await temporaryFolder(t);
    await leaveLock(folder, { pid: await deadProcess(), host: hostname(), began: "1" });
    await (await lockDirectory(folder)).release();
    assert.deepEqual(await readdir(folder), []);
  });

  const proc = process.platform === "linux" ? false : "only Linux tells when a process began";
  test("takes over where the number went to another process", { skip: proc }, async (t) => {
    const folder = await temporaryFolder(t);
    await leaveLock(folder, { pid: process.pid, host: hostname(), began: "1" });
    await (await lockDirectory(folder)).release();
  });

  test("takes over what a power cut left: no file, or an empty one", async (t) => {
    const folder = await temporaryFolder(t);
    await leaveLock(folder, "");
    await (await lockDirectory(folder)).release();
    await mkdir(path.join(folder, ".lock"));
    await (await lockDirectory(folder)).release();
  });

  test("does not judge a process of another machine", async (t) => {
    const folder = await temporaryFolder(t);
    await leaveLock(folder, { pid: 1, host: "elsewhere", began: null });
    await assert.rejects(lockDirectory(folder), {
      message: `${folder} is in use by process 1 of elsewhere: if nothing runs there any more, remove ${folder}/.lock`,
    });
  });

  test("of many that take over from a dead one, one gets it", async (t) => {
    const folder = await temporaryFolder(t);
    await leaveLock(folder, { pid: await deadProcess(), host: hostname(), began: "1" });
    for (let round = 0; round < 20; round++) {
      const tries = Array.from({ length: 8 }, () => lockDirectory(folder));
      const results = await Promise.allSettled(tries);
      const held = results.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
      assert.equal(held.length, 1);
      await held[0]!.release();
    }
  });
});
