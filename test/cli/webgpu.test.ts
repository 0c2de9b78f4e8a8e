// The command on a GPU, here one in software.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { skipWithoutFashionMnist } from "../helpers/fashion-mnist.js";
import { folderTraining } from "../helpers/folder-training.js";
import { main, resnet, type Ended } from "../helpers/resnet-command.js";
import { scratchFolder } from "../helpers/scratch-folder.js";
import { webgpuSkip } from "../helpers/webgpu.js";

/** The loss on the test images, of the document of `--json`. */
function testLoss({ status, stdout, stderr }: Ended): number {
  assert.equal(status, 0, stderr);
  return (JSON.parse(stdout) as { readonly test: { readonly loss: number } }).test.loss;
}

describe("resnet with --executor webgpu", { skip: webgpuSkip || false }, () => {
  test("trains on a folder of images to the native executor's loss", async (t) => {
    const words = [...(await folderTraining(t)), "--json"];
    const [gpu, processor] = ["webgpu", "native"].map((executor) =>
      testLoss(resnet(...words, `--executor=${executor}`, `--out=${scratchFolder(t)}/run`)),
    );
    assert.ok(Math.abs(gpu! - processor!) < 2e-3, `${gpu} on the GPU, ${processor} natively`);
  });

  test(
    "trains on Fashion-MNIST to the native executor's loss",
    { skip: skipWithoutFashionMnist },
    (t) => {
      const folder = scratchFolder(t);
      const words =
        "train fashion-resnet34 --model cifar-resnet20 --epochs 1 --batch 16 --limit-train 32 --limit-valid 16 --limit-test 32 --json";
      const [gpu, processor] = ["webgpu", "native"].map((executor) =>
        testLoss(
          resnet(...words.split(" "), `--executor=${executor}`, `--out=${folder}/${executor}`),
        ),
      );
      assert.ok(Math.abs(gpu! - processor!) < 2e-3, `${gpu} on the GPU, ${processor} natively`);
    },
  );

  test("bench measures a row, and names the GPU", () => {
    const words = ["bench", "--executor=webgpu", "--rows=infer resnet18 1x28x28 b1", "--rounds=1"];
    const { status, stdout, stderr } = resnet(...words, "--json");
    assert.equal(status, 0, stderr);
    const { machine, rows } = JSON.parse(stdout) as {
      readonly machine: Readonly<Record<string, unknown>>;
      readonly rows: readonly { readonly ours: { readonly imagesPerSecond: number } }[];
    };
    assert.equal(machine["executor"], "webgpu");
    assert.ok(typeof machine["processor"] === "string" && machine["processor"].length > 0);
    assert.deepEqual([machine["peak"], rows.length], [null, 1]);
    assert.ok(rows[0]!.ours.imagesPerSecond > 0);
  });

  test("doctor lists the adapter", () => {
    const { webgpu } = JSON.parse(resnet("doctor", "--json").stdout) as {
      readonly webgpu: readonly { readonly name: string; readonly bindings: number }[];
    };
    assert.ok(webgpu.length >= 1 && webgpu[0]!.name.length > 0 && webgpu[0]!.bindings >= 8);
  });

  test("a run does not begin on an adapter that is not there", async (t) => {
    const run = path.join(scratchFolder(t), "run");
    const words = await folderTraining(t);
    const { status, stderr } = resnet(
      ...words,
      "--executor=webgpu",
      "--adapter=no",
      `--out=${run}`,
    );
    assert.equal(status, 1);
    assert.match(stderr, /no GPU adapter is "no"; there are: 0 /);
    assert.equal(existsSync(path.join(run, "config.json")), false);
  });
});

/** What `resnet doctor` prints where the native executor cannot be loaded. */
const doctorWithoutNative = (variables: Readonly<Record<string, string>>): string =>
  spawnSync(process.execPath, [main, "doctor"], {
    encoding: "utf8",
    env: { ...process.env, RESNET_NATIVE_ADDON: "/nothing", ...variables },
  }).stdout;

describe("resnet doctor", { skip: webgpuSkip || false }, () => {
  test("without a driver one sentence says what to install", () => {
    const stdout = doctorWithoutNative({ VK_ICD_FILENAMES: "/nothing" });
    assert.match(stdout, /\nwebgpu {5}no GPU: install a driver for Vulkan, Metal or Direct3D 12\n/);
    assert.match(stdout, /\nexecutor {3}reference\n/);
  });

  test("without the native executor `auto` takes the GPU", () => {
    assert.match(doctorWithoutNative({}), /\nexecutor {3}webgpu\n/);
  });
});
