// A network of the user's own, as a module, in every command that takes a model.
import assert from "node:assert/strict";
import { cpSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { before, describe, test } from "node:test";
import { readCheckpoint } from "../../src/node/runs/checkpoint-file.js";
import { writeSafetensors } from "../../src/interop/write-safetensors.js";
import { writeTestCheckpoint } from "../helpers/checkpoint.js";
import { writeImageFolder } from "../helpers/image-folder.js";
import { resnetIn, type Ended } from "../helpers/resnet-command.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

const source = (file: string): string => new URL(`../../src/${file}`, import.meta.url).href;

/** A convolution with `channels` outputs, a ReLU, the mean over the image, and a linear layer. It says when its code runs. */
const moduleText = (activation = "relu", features = 4): string => `
import { writeFileSync } from "node:fs";
import { Conv2d } from "${source("nn/conv2d.js")}";
import { Linear } from "${source("nn/linear.js")}";
import { Module } from "${source("nn/module.js")}";
import { AdaptiveAvgPool2d } from "${source("nn/pooling.js")}";
import { Flatten } from "${source("nn/flatten.js")}";
import { relu } from "${source("ops/relu.js")}";
import { leakyRelu } from "${source("ops/leaky-relu.js")}";
const activations = { relu, leaky: (x) => leakyRelu(x, 0.1) };
class Net extends Module {
  constructor(classes, channels) {
    super();
    this.conv = new Conv2d(channels, ${features}, 3, { padding: 1 });
    this.pool = new AdaptiveAvgPool2d();
    this.flatten = new Flatten();
    this.fc = new Linear(${features}, classes);
  }
  forward(x) {
    const y = activations.${activation}(this.conv.call(x));
    return this.fc.call(this.flatten.call(this.pool.call(y)));
  }
}
writeFileSync(new URL("ran", import.meta.url), "");
export const model = ({ classes, channels }) => new Net(classes, channels);
`;

const root = scratchFolder();
const resnet = resnetIn(root);
const module = path.join(root, "net.mjs");
const ran = path.join(root, "ran");
const out = path.join(root, "run");
const training = [
  "--data=images",
  "--epochs=1",
  "--batch=5",
  "--train-transforms=resize(12) centerCrop(8)",
  "--eval-transforms=resize(12) centerCrop(8)",
  "--executor=reference",
];

const succeeded = ({ status, stdout, stderr }: Ended): string => {
  assert.equal(status, 0, stderr);
  return stdout;
};

const refused = ({ status, stderr }: Ended, message: string | RegExp): void => {
  assert.equal(status, 2, stderr);
  if (typeof message === "string") assert.equal(stderr, `error: ${message}\n`);
  else assert.match(stderr, message);
};

before(async () => {
  const folder = await writeImageFolder({ after: () => {} }, { train: 4, val: 2 });
  renameSync(folder, path.join(root, "images"));
  writeFileSync(module, moduleText());
  const trained = resnet("train", "--model=./net.mjs", ...training, "--out", out, "--json");
  succeeded(trained);
});

describe("a network of one's own", () => {
  test("is trained: the checkpoint has its weights, its path, and what it computes", async () => {
    const { description, state } = await readCheckpoint(path.join(out, "last.safetensors"));
    assert.equal(description.model, module);
    assert.match(description.graphSha256!, /^[\da-f]{64}$/);
    assert.deepEqual(
      [...state].map(([name, { shape }]) => [name, shape]),
      [
        ["conv.bias", [4]],
        ["conv.weight", [4, 3, 3, 3]],
        ["fc.bias", [3]],
        ["fc.weight", [3, 4]],
      ],
    );
  });

  test("is evaluated, shown pictures, explained and exported where --model names its module", async () => {
    const report = JSON.parse(readFileSync(path.join(out, "report.json"), "utf8")) as {
      readonly accuracy: number;
    };
    const flags = ["--model=net.mjs", "--executor=reference"];
    const evaluated = succeeded(resnet("eval", out, ...flags, "--json"));
    assert.equal((JSON.parse(evaluated) as typeof report).accuracy, report.accuracy);
    const picture = "images/val/a/0.png";
    const [predicted] = JSON.parse(
      succeeded(resnet("predict", out, picture, ...flags, "--json")),
    ) as {
      readonly top: readonly { readonly label: string }[];
    }[];
    assert.deepEqual(predicted!.top.map(({ label }) => label).sort(), ["a", "b", "c"]);
    succeeded(resnet("explain", out, picture, ...flags, "--out=why.png"));
    succeeded(resnet("export", out, "--model=net.mjs", "--out=net.onnx"));
    assert.ok(readFileSync(path.join(root, "net.onnx")).includes("conv.weight"));
    const { state } = await readCheckpoint(out);
    writeFileSync(path.join(root, "weights.safetensors"), await writeSafetensors(state));
    const words = ["import", "weights.safetensors", "--model=./net.mjs", "--out=in.safetensors"];
    succeeded(resnet(...words, "--input=3x8x8"));
    const imported = await readCheckpoint(path.join(root, "in.safetensors"));
    assert.deepEqual([...imported.state], [...state]);
    assert.deepEqual(imported.description.classes, ["0", "1", "2"]);
    refused(
      resnet(...words),
      /error: weights\.safetensors: .*net\.mjs does not say for which images .* --input 3x32x32\n/,
    );
    // 3·4·9 + 4 and 4·10 + 10 parameters.
    const summary = succeeded(
      resnet("summary", "./net.mjs", "--input=3x8x8", "--classes=10", "--json"),
    );
    assert.equal((JSON.parse(summary) as { readonly parameters: number }).parameters, 162);
    refused(resnet("summary", "./net.mjs"), /give both, such as --input 3x32x32 --classes 10\n/);
  });

  test("runs no code unless the user names the module", async (t) => {
    const bare = path.join(root, "bare");
    cpSync(out, bare, { recursive: true });
    renameSync(ran, path.join(root, "ran-before"));
    t.after(() => writeFileSync(ran, ""));
    const checkpoint = path.join(out, "best.safetensors");
    const named = (file: string): string =>
      `${file} is of a network of its own, ${module}, whose code runs only if you name it: give --model ${module}, ` +
      "or where the module is now";
    refused(resnet("eval", checkpoint), named(checkpoint));
    refused(resnet("predict", checkpoint, "images/val/a/0.png"), named(checkpoint));
    refused(resnet("train", "--init", checkpoint, ...training), named(checkpoint));
    refused(resnet("train", "--resume", "bare", "--epochs=2"), named("bare"));
    const config = path.join(out, "config.json");
    refused(resnet("train", config, "--out=again"), named(config));
    const { file } = await writeTestCheckpoint(t);
    refused(
      resnet("eval", file, "--model=net.mjs"),
      `${file} has the weights of cifar-resnet20, which is not net.mjs: leave out --model`,
    );
    assert.equal(existsSync(ran), false);
    assert.equal(existsSync(path.join(root, "again")), false);
  });

  test("goes on with more epochs where its module is now, and starts other trainings", () => {
    cpSync(module, path.join(root, "moved.mjs"));
    const words = ["--resume=run", "--model=moved.mjs", "--epochs=2", "--executor=reference"];
    const { epochs } = JSON.parse(succeeded(resnet("train", ...words, "--json"))) as {
      readonly epochs: readonly unknown[];
    };
    assert.equal(epochs.length, 2);
    const init = ["--init", "run", "--model=moved.mjs", ...training, "--out=second"];
    assert.match(resnet("train", ...init).stderr, /starting from .*run\n/);
  });

  test("that has changed is noticed: a notice if the weights fit, and an error if not", () => {
    writeFileSync(path.join(root, "leaky.mjs"), moduleText("leaky"));
    writeFileSync(path.join(root, "wide.mjs"), moduleText("relu", 5));
    const flags = ["--split=valid", "--executor=reference"];
    const leaky = resnet("eval", "run", "--model=leaky.mjs", ...flags);
    succeeded(leaky);
    assert.match(
      leaky.stderr,
      /leaky\.mjs does not compute what it did when .*best\.safetensors was written: /,
    );
    const same = resnet("eval", "run", "--model=net.mjs", ...flags);
    assert.doesNotMatch(same.stderr, /does not compute/);
    const wide = resnet("eval", "run", "--model=wide.mjs", ...flags);
    assert.equal(wide.status, 1);
    assert.match(wide.stderr, /conv\.weight/);
    refused(
      resnet("train", "--resume=run", "--model=leaky.mjs", "--epochs=3"),
      /error: the network of the run in run does not compute what it did when the run began: .* --init /,
    );
  });
});

describe("a module that cannot be used is refused with one sentence:", () => {
  const modules: readonly (readonly [name: string, text: string | null, message: RegExp])[] = [
    ["missing.js", null, /^error: \.\/missing\.js: there is no such file: say with --model where /],
    [
      "broken.mjs",
      "export const = 1;",
      /^error: \.\/broken\.mjs cannot be loaded: Unexpected token/,
    ],
    [
      "none.mjs",
      "export const net = 1;",
      /^error: \.\/none\.mjs exports net, but it must export the function /,
    ],
    [
      "throws.mjs",
      "export default () => { throw new Error('no'); };",
      /^error: \.\/throws\.mjs: the function .* failed: no\n/,
    ],
    [
      "number.mjs",
      "export default () => 3;",
      /^error: \.\/number\.mjs: the function .* returned a number, but it must return a Module /,
    ],
    [
      "common.cjs",
      "module.exports = () => [];",
      /^error: \.\/common\.cjs: the function .* returned an array, /,
    ],
  ];
  for (const [name, text, message] of modules) {
    test(name, () => {
      if (text !== null) writeFileSync(path.join(root, name), text);
      refused(resnet("summary", `./${name}`, "--input=3x8x8", "--classes=3"), message);
    });
  }

  test("TypeScript runs where Node strips types, and elsewhere a sentence says so", () => {
    writeFileSync(path.join(root, "typed.ts"), `${moduleText()}\nexport const size: number = 3;\n`);
    const { status, stderr } = resnet("summary", "./typed.ts", "--input=3x8x8", "--classes=3");
    const strips = Boolean((process.features as { readonly typescript?: unknown }).typescript);
    assert.equal(status, strips ? 0 : 2, stderr);
    if (!strips)
      assert.match(
        stderr,
        /^error: \.\/typed\.ts: Node v\S+ does not run TypeScript: compile it and /,
      );
  });

  test("with --model-option", () => {
    const words = ["train", "--model=./net.mjs", "--model-option=width=8", ...training];
    refused(
      resnet(...words),
      /is a network of your own, and --model-option is for those of the catalogue/,
    );
  });
});
