// Preloaded into a process (`node --import`), kills it at the n-th thing that it does to files, RESNET_TEST_CRASH_AT:
// before a rename, a flush, an opening; in the middle of a write. At 0 it counts them, and says so at the end.
import fs from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const crashAt = Number(process.env["RESNET_TEST_CRASH_AT"]);
let count = 0;

type Method = (...values: unknown[]) => Promise<unknown>;

function watch<Owner extends object>(owner: Owner, name: keyof Owner & string): void {
  const original = owner[name] as Method;
  const watched = async function (this: unknown, ...values: unknown[]): Promise<unknown> {
    if (++count === crashAt) {
      const [data] = values;
      if (name === "writeFile" && data instanceof Uint8Array) {
        await original.call(this, data.subarray(0, data.length >> 1));
      }
      process.kill(process.pid, "SIGKILL");
    }
    return original.apply(this, values);
  };
  Object.assign(owner, { [name]: watched });
}

const handle = await open(process.execPath);
const prototype = Object.getPrototypeOf(handle) as FileHandle;
await handle.close();
for (const name of ["write", "writeFile", "sync"] as const) watch(prototype, name);
for (const name of ["open", "mkdir", "rename", "rm", "rmdir", "unlink", "writeFile"] as const) {
  watch(fs.promises, name);
}
syncBuiltinESMExports();
if (crashAt === 0) process.on("exit", () => console.log(`${count} operations`));
