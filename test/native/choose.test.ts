// Which method computes which convolution, for typical layers: a change in native/conv/choose.cc shows as a difference here.
import { spawnSync } from "node:child_process";
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertGolden } from "../helpers/golden.js";

const root = fileURLToPath(new URL("../../..", import.meta.url)); // from dist/test/native
const canCompile = ["make", "g++"].every((name) => spawnSync(name, ["--version"]).status === 0);

test("the methods chosen for typical layers", { skip: !canCompile && "needs make and g++" }, () => {
  const args = ["--silent", "-C", "native", "choices"];
  const { status, stdout, stderr } = spawnSync("make", args, { cwd: root, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  assertGolden("test/native/golden/choices.txt", stdout);
});
