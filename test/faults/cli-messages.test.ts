// Messages in the words of the people who read them, and what they advise exists.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import * as exported from "../../src/node.js";
import { evalCommand } from "../../src/node/cli/commands/eval.js";
import { trainCommand } from "../../src/node/cli/commands/train.js";
import { configOf } from "../../src/node/cli/training/train-config.js";
import { isOnDisk } from "../../src/node/data/images/images-on-disk.js";
import { datasetInfo } from "../../src/data/dataset-info.js";
import { transformTypes } from "../../src/data/transforms/transform.js";
import { parseTransforms } from "../../src/data/transforms/transform-text.js";
import { splitRows } from "../../src/data/split.js";
import { findModel } from "../../src/models/catalog.js";
import { findRecipe } from "../../src/train/recipes.js";
import { packageRoot } from "../helpers/fixtures.js";
import { folderTraining } from "../helpers/folder-training.js";
import { resnet } from "../helpers/resnet-command.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

/** Every TypeScript source. */
const sources = readdirSync(path.join(packageRoot, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => [file, readFileSync(path.join(packageRoot, "src", file), "utf8")] as const);

test("no message begins with the name of an internal function", () => {
  const functions = sources.flatMap(([, text]) =>
    [...text.matchAll(/export (?:async )?(?:function\*?|const) ([a-z]+[A-Z]\w*)/g)].map(
      (found) => found[1]!,
    ),
  );
  assert.ok(functions.includes("splitRows") && functions.length > 200);
  // Transforms are words of the command line: --train-transforms "randomCrop(32)". Operations are the layers' words: errors of shapes name them, as PyTorch's do.
  // Functions that the package exports are the user's words, too.
  const others = sources.filter(([file]) => !/^(ops|graph|nn)\//.test(file));
  const internal = functions.filter(
    (each) => !transformTypes.includes(each) && !Object.hasOwn(exported, each),
  );
  assert.ok(internal.includes("traceWatches") && internal.length > 150);
  for (const [file, text] of others)
    for (const name of internal)
      assert.ok(!new RegExp(`["\`]${name}: `).test(text), `${file}: a message begins with ${name}`);
});

test("too many rows are told in numbers, with what to do", () => {
  assert.throws(() => splitRows(60_000, { train: 60_000, valid: 1000 }, 1), {
    message:
      "the parts take 61000 rows (train 60000, valid 1000) but the data set has 60000: take fewer",
  });
});

test("gradients are clipped by --clip-norm, which the advice names", () => {
  const command = trainCommand().exitOverride();
  command.parseOptions(["--clip-norm", "0.5"]);
  assert.equal(configOf("fashion-resnet34", command.opts()).clipNorm, 0.5);
  const advice = sources.find(([file]) => file === path.join("train", "training.ts"))![1];
  assert.match(advice, /--clip-norm/);
});

describe("a name that is misspelt brings the likeliest one", () => {
  const cases: Readonly<Record<string, readonly [ask: () => unknown, likely: string]>> = {
    recipe: [() => findRecipe("fashion-resnet43"), "fashion-resnet34"],
    model: [() => findModel("resnet-50"), "resnet50"],
    "model in another case": [() => findModel("ResNet50"), "resnet50"],
    "option of a model": [() => findModel("resnet18", { widht: 3 } as never), "width"],
    "data set": [() => datasetInfo("fashion_mnist"), "fashion-mnist"],
    "data set of a training": [() => isOnDisk("cifar-10"), "cifar10"],
    schedule: [() => configOf("fashion-resnet34", { schedule: "cosin:5" }), "cosine"],
    "schedule after a warm-up": [
      () => configOf("fashion-resnet34", { schedule: "warmup:2+stpe:3" }),
      "step",
    ],
    "field of the configuration": [
      () => configOf("fashion-resnet34", { set: { clipnorm: 1 } }),
      "clipNorm",
    ],
    "field of a schedule": [
      () => configOf("fashion-resnet34", { schedule: { kind: "cosine", warmUp: 1 } }),
      "warmup",
    ],
    transform: [() => parseTransforms("randomcrop(32)"), "randomCrop"],
  };
  for (const [what, [ask, likely]] of Object.entries(cases))
    test(what, () =>
      assert.throws(ask, { message: new RegExp(`\\(did you mean ${likely}\\?\\)`) }),
    );
});

test("the help says that lists of files are data, too", () => {
  for (const command of [trainCommand(), evalCommand()]) {
    const data = command.options.find(({ long }) => long === "--data")!;
    assert.match(data.description, /\.csv/);
  }
});

describe("eval", () => {
  test("takes --precision, computes in it and says so, and prints a matrix with a line for each row", async (t) => {
    const out = path.join(scratchFolder(t), "run");
    const trained = resnet(...(await folderTraining(t)), "--epochs=1", `--out=${out}`);
    assert.equal(trained.status, 0, trained.stderr);
    const evaluate = (
      ...words: readonly string[]
    ): { loss: number; precision: string; text: string } => {
      const { status, stdout, stderr } = resnet(
        "eval",
        path.join(out, "last.safetensors"),
        "--json",
        ...words,
      );
      assert.equal(status, 0, stderr);
      return { ...(JSON.parse(stdout) as { loss: number; precision: string }), text: stdout };
    };
    const [own, half] = [evaluate(), evaluate("--precision", "bf16")];
    assert.deepEqual([own.precision, half.precision], ["fp32", "bf16"]);
    assert.notEqual(own.loss, half.loss);
    assert.ok(Math.abs(own.loss - half.loss) < 0.05 * own.loss); // bfloat16 has three digits
    const row = String.raw`\[\d+, \d+, \d+\]`;
    const matrix = new RegExp(`"confusion": \\[\n    ${row},\n    ${row},\n    ${row}\n  \\]`);
    assert.match(own.text, matrix);
    const report = path.join(out, "report.json");
    assert.ok(existsSync(report));
    assert.match(readFileSync(report, "utf8"), matrix);
  });
});
