import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { writeSafetensors } from "../../src/interop/write-safetensors.js";
import { initialState } from "../../src/checkpoint/model-state.js";
import { createModel } from "../../src/models/catalog.js";
import { writeImageFolder } from "../helpers/image-folder.js";
import { resnetIn } from "../helpers/resnet-command.js";
import { scratchFolder } from "../helpers/scratch-folder.js";
import { folderOf, publishedFile, skipWithoutPublished } from "../pretrained/weights-server.js";

const licence =
  "cifar-resnet20.cifar10: cifar-resnet20 of akamaster, CIFAR-10 top-1 91.73 %, licence bsd-2-clause";

/** Pictures, and a folder of weights as --pretrained-dir takes it. */
async function prepare(t: Parameters<typeof folderOf>[0]) {
  const photographs = await writeImageFolder(t);
  const weights = folderOf(t, { "resnet20-12fca82f.th": publishedFile! });
  const folder = scratchFolder(t);
  return { photographs, weights, folder, resnet: resnetIn(folder) };
}

describe("resnet pretrained", () => {
  test("lists weights, and says what is not published", () => {
    const { stdout, status } = resnetIn(undefined)("pretrained", "list", "resnet50");
    assert.equal(status, 0);
    assert.match(stdout, /^name +data +top-1 % +top-5 % +MiB +image +licence\n/);
    assert.match(
      stdout,
      /\nresnet50\.imagenet1k_v2 +ImageNet-1K +80\.86 +95\.43 +97\.8 +3x224x224 +not published\n/,
    );
    const json = resnetIn(undefined)("pretrained", "list", "--json").stdout;
    const list = JSON.parse(json) as { readonly licence: string | null }[];
    assert.equal(list.length, 142);
    assert.ok(list.some((each) => each.licence === null));
  });

  test("refuses names that there are not, with exit code 2", () => {
    const { status, stderr } = resnetIn(undefined)("pretrained", "get", "resnet18.imagenet1k_v7");
    assert.equal(status, 2);
    assert.match(
      stderr,
      /^error: there are no pretrained weights "resnet18\.imagenet1k_v7": choose/,
    );
  });
});

describe("--pretrained", { skip: skipWithoutPublished }, () => {
  test("takes the place of the checkpoint, and prints the licence", async (t) => {
    const { photographs, weights, folder, resnet } = await prepare(t);
    const from = ["--pretrained", "cifar-resnet20.cifar10", "--pretrained-dir", weights];
    const photo = path.join(photographs, "train/a/0.png");
    const got = resnet("pretrained", "get", "cifar-resnet20.cifar10", "--pretrained-dir", weights);
    assert.match(got.stdout, /pictures: resize\(32\) centerCrop\(32\), mean 0\.485,0\.456,0\.406,/);
    const predicted = resnet("predict", ...from, "--json", photo);
    assert.equal(predicted.status, 0, predicted.stderr);
    assert.equal(predicted.stderr.trim(), licence);
    const [{ top }] = JSON.parse(predicted.stdout) as [{ top: { label: string }[] }];
    assert.equal(top.length, 5);
    // The same weights as a file of their own say the same.
    const imported = resnet("import", ...from, "--out", "net.safetensors");
    assert.equal(imported.status, 0, imported.stderr);
    const same = resnet("predict", "net.safetensors", "--json", photo);
    assert.equal(same.stdout, predicted.stdout);
    const exported = resnet("export", ...from, "--out", "net.onnx");
    assert.equal(exported.status, 0, exported.stderr);
    const explained = resnet("explain", ...from, photo, "--out", "why.svg");
    assert.equal(explained.status, 0, explained.stderr);
    assert.deepEqual(readdirSync(folder).sort(), ["net.onnx", "net.safetensors", "why.svg"]);
    const summary = resnet("summary", "--pretrained", "cifar-resnet20.cifar10", "--json");
    const { parameters } = JSON.parse(summary.stdout) as { parameters: number };
    assert.equal(parameters, 269_722); // akamaster: 0.27 M
  });

  test("starts a training with the preparation that belongs to the weights", async (t) => {
    const { photographs, weights, folder, resnet } = await prepare(t);
    const from = ["--pretrained", "cifar-resnet20.cifar10", "--pretrained-dir", weights];
    const trained = resnet(
      "train",
      ...from,
      "--data",
      photographs,
      "--epochs",
      "1",
      "--out",
      "run",
    );
    assert.equal(trained.status, 0, trained.stderr);
    assert.match(
      trained.stderr,
      /^cifar-resnet20\.cifar10: .*, licence bsd-2-clause\nstarting from pretrained:cifar-resnet20\.cifar10; linear\.weight and linear\.bias start anew, for the 3 classes/,
    );
    const config = JSON.parse(readFileSync(path.join(folder, "run/config.json"), "utf8")) as {
      readonly [field: string]: unknown;
      readonly transforms: { readonly eval: unknown };
    };
    assert.equal(config["model"], "cifar-resnet20");
    assert.equal(config["init"], "pretrained:cifar-resnet20.cifar10");
    assert.deepEqual(config["normalize"], {
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    });
    assert.deepEqual(config.transforms.eval, [
      { type: "resize", size: 32, interpolation: "bilinear" },
      { type: "centerCrop", size: 32 },
    ]);
  });

  test("refuses two sources of weights, and a model that the weights are not of", async (t) => {
    const { photographs, weights, resnet } = await prepare(t);
    const from = ["--pretrained", "cifar-resnet20.cifar10", "--pretrained-dir", weights];
    const refused = (words: readonly string[], sentence: RegExp): void => {
      const { status, stderr } = resnet(...words);
      assert.equal(status, 2, stderr);
      assert.match(stderr.trim().split("\n").at(-1)!, sentence);
    };
    refused(
      ["eval", "net.safetensors", ...from],
      /^error: net\.safetensors and --pretrained cifar-/,
    );
    refused(["import", "net.pth", ...from, "--out", "a.safetensors"], /two sources of weights/);
    refused(["train", ...from, "--init", "a.pth"], /two sources of first weights: leave out one/);
    const train = ["train", ...from, "--data", photographs];
    refused(
      [...train, "--model", "resnet18"],
      /has weights of cifar-resnet20, which is not resnet18/,
    );
    refused(["predict", ...from], /missing required argument 'images'/);
    refused(
      ["predict"],
      /missing required argument 'checkpoint': name one, or published weights with --pretrained$/,
    );
    refused(
      ["import", "--out", "a.safetensors"],
      /name a file of weights, such as resnet50\.pth, or/,
    );
    refused(["summary"], /name a model, or published weights with --pretrained/);
  });
});

describe("an ImageNet model by the Hub's layout in --pretrained-dir", () => {
  test("is found under OWNER/NAME", async (t) => {
    const model = createModel("resnet18", { classes: 1000, channels: 3 });
    const bytes = await writeSafetensors(initialState(model, 1));
    const weights = folderOf(t, { "timm/resnet18.a1_in1k/model.safetensors": bytes });
    const words = ["get", "resnet18.a1_in1k", "--pretrained-dir", weights, "--json"];
    const { stdout, stderr } = resnetIn(undefined)("pretrained", ...words);
    const { file, transforms } = JSON.parse(stdout || `"${stderr}"`) as {
      readonly file: string;
      readonly transforms: unknown;
    };
    assert.equal(file, path.join(weights, "timm/resnet18.a1_in1k/model.safetensors"));
    assert.deepEqual(transforms, [
      { type: "resize", size: 235, interpolation: "bicubic" },
      { type: "centerCrop", size: 224 },
    ]);
  });
});
