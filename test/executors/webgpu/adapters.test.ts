// Which GPU `--adapter` means, among those that there are.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseAdapter } from "../../../src/node/webgpu/adapters.js";

const names = ["NVIDIA H200 NVL", "NVIDIA H200", "AMD Radeon Pro W7900", "NVIDIA A100 40GB"];
const list =
  "there are: 0 NVIDIA H200 NVL, 1 NVIDIA H200, 2 AMD Radeon Pro W7900, 3 NVIDIA A100 40GB";

for (const [wanted, expected] of [
  ["2", "AMD Radeon Pro W7900"],
  ["radeon", "AMD Radeon Pro W7900"],
  ["A100", "NVIDIA A100 40GB"],
  ["nvidia h200 nvl", "NVIDIA H200 NVL"],
] as const) {
  test(`"${wanted}" is ${expected}`, () => assert.equal(chooseAdapter(names, wanted), expected));
}

for (const [wanted, message] of [
  ["4", `no GPU adapter is "4"; ${list}`],
  ["Intel", `no GPU adapter is "Intel"; ${list}`],
  ["nvidia", `3 GPU adapters are called "nvidia"; ${list}; give the number of one`],
  // The name of the second is a part of the first's.
  [
    "1",
    "WebGPU cannot tell the GPU adapter 1 NVIDIA H200 from 0 NVIDIA H200 NVL: hide that one by the settings of its driver",
  ],
] as const) {
  test(`"${wanted}" is refused`, () => {
    const refused = { name: "UnavailableError", code: "ERR_ADAPTER", message };
    assert.throws(() => chooseAdapter(names, wanted), refused);
  });
}

test("without an adapter one sentence says what to install", () => {
  assert.throws(() => chooseAdapter([], "0"), {
    code: "ERR_ADAPTER",
    message: "WebGPU finds no GPU here: install a driver for Vulkan, Metal or Direct3D 12",
  });
});
