// Preloaded into a process (`node --import`), kills it at the n-th thing that it does to files, RESNET_TEST_CRASH_AT:
// before a rename, a flush, an opening; in the middle of a write. At 0 it counts them, and says so at the end. With
// RESNET_TEST_CRASH_COPIES=DIR it copies what a kill at every n-th would leave of the directory that is its first argument
// to DIR/n, DIR/2n …: RESNET_TEST_CRASH_EVERY.
import fs from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import path from "node:path";

const crashAt = Number(process.env["RESNET_TEST_CRASH_AT"]);
const copies = process.env["RESNET_TEST_CRASH_COPIES"];
const every = Number(process.env["RESNET_TEST_CRASH_EVERY"]);
const directory = process.argv[2]!;
let count = 0;

type Method = (...values: unknown[]) => Promise<unknown>;

function watch<Owner extends object>(owner: Owner, name: keyof Owner & string): void {
  // A kill loses nothing that was written, flushed or not, and flushing takes most of the time.
  const original = name === "sync" ? async () => {} : (owner[name] as Method);
  const watched = async function (this: unknown, ...values: unknown[]): Promise<unknown> {
    const isHere = ++count === crashAt;
    const isCopied = copies !== undefined && count % every === 0;
    if (!isHere && !isCopied) return original.apply(this, values);
    const [data] = values;
    const isWrite = name === "writeFile" && data instanceof Uint8Array;
    const half = isWrite ? data.length >> 1 : 0;
    if (isWrite) await original.call(this, data.subarray(0, half));
    if (isHere) process.kill(process.pid, "SIGKILL");
    if (fs.existsSync(directory)) {
      fs.cpSync(directory, path.join(copies!, String(count)), { recursive: true });
    }
    return isWrite ? original.call(this, data.subarray(half)) : original.apply(this, values);
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
