// The command on a GPU, here one in software.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { describe, test } from "node:test";
import { skipWithoutFashionMnist } from "../helpers/fashion-mnist.js";
import { main, resnet } from "../helpers/resnet-command.js";
import { scratchFolder } from "../helpers/scratch-folder.js";
import { webgpuSkip } from "../helpers/webgpu.js";

describe("resnet with --executor webgpu", { skip: webgpuSkip || false }, () => {
  test("trains to the native executor's loss", { skip: skipWithoutFashionMnist }, (t) => {
    const folder = scratchFolder(t);
    const losses = ["webgpu", "native"].map((executor) => {
      const { status, stdout, stderr } = resnet(
        ..."train fashion-resnet34 --model cifar-resnet20 --epochs 1 --batch 16 --limit-train 32".split(
          " ",
        ),
        ..."--limit-valid 16 --limit-test 32 --json".split(" "),
        "--executor",
        executor,
        "--out",
        path.join(folder, executor),
      );
      assert.equal(status, 0, stderr);
      return (JSON.parse(stdout) as { readonly test: { readonly loss: number } }).test.loss;
    });
    const [gpu, processor] = losses;
    assert.ok(Math.abs(gpu! - processor!) < 2e-3, `${gpu} on the GPU, ${processor} natively`);
  });

  test("doctor lists the adapter, and --adapter refuses others", () => {
    const { webgpu } = JSON.parse(resnet("doctor", "--json").stdout) as {
      readonly webgpu: readonly { readonly name: string; readonly bindings: number }[];
    };
    assert.ok(webgpu.length >= 1 && webgpu[0]!.name.length > 0 && webgpu[0]!.bindings >= 8);
    const { status, stderr } = resnet(
      ..."train fashion-resnet34 --executor webgpu --adapter nothing".split(" "),
    );
    assert.equal(status, 1);
    assert.match(stderr, /no GPU adapter is "nothing"; there are: 0 /);
  });
});

test("without a driver one sentence says what to install", { skip: webgpuSkip || false }, () => {
  const { stdout } = spawnSync(process.execPath, [main, "doctor"], {
    encoding: "utf8",
    env: { ...process.env, VK_ICD_FILENAMES: "/nothing" },
  });
  assert.match(stdout, /\nwebgpu {5}no GPU: install a driver for Vulkan, Metal or Direct3D 12\n/);
});
