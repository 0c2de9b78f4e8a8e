// Commands do not write over what they read.
import assert from "node:assert/strict";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { writeSafetensors } from "../../src/interop/write-safetensors.js";
import { writeTestCheckpoint } from "../helpers/checkpoint.js";
import { writeImageFolder } from "../helpers/image-folder.js";
import { resnetIn } from "../helpers/resnet-command.js";

test("a file that a command reads is not one that it writes, under whatever path", async (t) => {
  const { file, state } = await writeTestCheckpoint(t);
  const cwd = await writeImageFolder(t, { val: 1 });
  symlinkSync(file, path.join(cwd, "link.safetensors"));
  writeFileSync(path.join(cwd, "weights.safetensors"), await writeSafetensors(state));
  const commands: readonly [out: string, command: string][] = [
    ["link.safetensors", `export ${file} --format safetensors`],
    ["weights.safetensors", "import ./weights.safetensors --model cifar-resnet20"],
    ["link.safetensors", `features ${file} val`],
    ["val/a/0.png", `explain ${file} ./val/a/0.png`],
  ];
  for (const [out, command] of commands) {
    const before = readFileSync(path.join(cwd, out));
    const { status, stderr } = resnetIn(cwd)(...command.split(" "), "--out", out);
    assert.equal(stderr, `error: ${out} is what is read here: name another file to write\n`);
    assert.equal(status, 2);
    assert.deepEqual(readFileSync(path.join(cwd, out)), before, command);
  }
});
