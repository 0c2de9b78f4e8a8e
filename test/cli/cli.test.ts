// The command line as its users meet it: words, exit codes, and documents. Runs the built command in processes of its own.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { listDatasets } from "../../src/data/dataset-info.js";
import { loadAddon } from "../../src/node/native/load-addon.js";
import { models } from "../../src/models/catalog.js";
import { recipes } from "../../src/train/recipes.js";
import { readSafetensors } from "../../src/interop/read-safetensors.js";
import { scratchFolder } from "../helpers/scratch-folder.js";
import { skipWithoutFashionMnist } from "../helpers/fashion-mnist.js";
import { main, resnet } from "../helpers/resnet-command.js";

const dataNames = listDatasets()
  .map(({ name }) => name)
  .join(", ");

describe("words that are off", () => {
  const cases: readonly [args: string, status: number, stderr: string][] = [
    ["train --epohcs 3", 2, "error: unknown option '--epohcs'\n(Did you mean --epochs?)\n"],
    ["trian", 2, "error: unknown command 'trian'\n(Did you mean train?)\n"],
    [
      "train --epochs 0",
      2,
      "error: option '--epochs <n>' argument '0' is invalid. It takes a whole number of 1 or more.\n",
    ],
    [
      "train --lr much",
      2,
      "error: option '--lr, --learning-rate <x>' argument 'much' is invalid. It takes a number.\n",
    ],
    [
      "train --seed -1",
      2,
      "error: option '--seed <n>' argument '-1' is invalid. It takes a whole number of 0 or more.\n",
    ],
    [
      "train --optimizer lion",
      2,
      "error: option '--optimizer <name>' argument 'lion' is invalid. Allowed choices are sgd, adam, adamw.\n",
    ],
    [
      "train --precision fp16",
      2,
      "error: option '--precision <p>' argument 'fp16' is invalid. Allowed choices are fp32, bf16, auto.\n",
    ],
    [
      "train degradation --model resnet18",
      2,
      "error: --model: the trainings of degradation (plain20, plain56, cifar-resnet20, cifar-resnet56) differ in it; leave it out, or choose another recipe\n",
    ],
    [
      "train degradation --set model=resnet18",
      2,
      "error: --set model: the trainings of degradation (plain20, plain56, cifar-resnet20, cifar-resnet56) differ in it; leave it out, or choose another recipe\n",
    ],
    [
      "train degradation --init nowhere.pth",
      2,
      "error: --init: the trainings of degradation (plain20, plain56, cifar-resnet20, cifar-resnet56) differ in it; leave it out, or choose another recipe\n",
    ],
    [
      "train degradation --normalize-from-data",
      2,
      "error: --normalize-from-data is for one training, and degradation compares several: --set normalize=… is for all\n",
    ],
    [
      "train --cache fashion-resnet34",
      2,
      "error: option '--cache [dir]' argument 'fashion-resnet34' is invalid. It takes a directory, and fashion-resnet34 is a recipe: write it before --cache; a directory of that name is --cache ./fashion-resnet34.\n",
    ],
    [
      "eval --cache package.json",
      2,
      "error: option '--cache [dir]' argument 'package.json' is invalid. It takes a directory, and package.json is a file: write it before --cache.\n",
    ],
    [
      "train nope",
      2,
      `error: there is no recipe "nope": choose one of ${Object.keys(recipes).join(", ")}\n`,
    ],
    [
      "train --model vgg",
      2,
      `error: there is no model "vgg": choose one of ${Object.keys(models).join(", ")}\n`,
    ],
    [
      "train --schedule soon --momentum 2",
      2,
      "error: the training set-up is off: momentum is 2: expected a number of at most 1; " +
        'schedule is "soon": choose constant, cosine[:WARMUP], step:EPOCHS[:FACTOR], ' +
        "multi-step:EPOCH,EPOCH,…[:FACTOR], exponential:FACTOR, one-cycle[:RISE], polynomial[:POWER], " +
        "plateau[:PATIENCE[:FACTOR]], or warmup:EPOCHS+ANY OF THEM; EPOCHS may be a share of the training, such as 10%\n",
    ],
    [
      "train --data imagenet",
      2,
      `error: no data set is named 'imagenet', and there is no such file or folder; data sets: ${dataNames}\n`,
    ],
    [
      "train --set emaDecy=0.9",
      2,
      'error: the training set-up is off: there is no field "emaDecy" (did you mean emaDecay?)\n',
    ],
    [
      "train --set emaDecay=2 --set nesterov=perhaps",
      2,
      'error: the training set-up is off: nesterov is "perhaps": expected true or false; ' +
        "emaDecay is 2: expected a number of less than 1\n",
    ],
    [
      "train --set emaDecay",
      2,
      "error: option '--set <field=value>' argument 'emaDecay' is invalid. It takes FIELD=VALUE, such as keepEpochs=true.\n",
    ],
    [
      "summary resnet18 --input 28",
      2,
      "error: option '--input <CxHxW>' argument '28' is invalid. It takes CHANNELSxHEIGHTxWIDTH, such as 1x28x28.\n",
    ],
    [
      "eval",
      2,
      "error: missing required argument 'checkpoint': name one, or published weights with --pretrained\n",
    ],
    ["eval nowhere.safetensors", 1, "error: nowhere.safetensors: there is no such file\n"],
  ];
  for (const [args, status, stderr] of cases) {
    test(args, () => assert.deepEqual(resnet(...args.split(" ")), { status, stdout: "", stderr }));
  }

  test("a stack only on --debug", () => {
    assert.match(resnet("--debug", "eval", "nowhere.safetensors").stderr, /\n {4}at /);
  });
});

describe("documents", () => {
  test("summary --json", () => {
    const { stdout, stderr, status } = resnet("summary", "resnet50", "--json");
    const summary = JSON.parse(stdout) as {
      parameters: number;
      multiplyAdds: number;
      layers: { name: string; output: number[] }[];
    };
    assert.deepEqual([status, stderr], [0, ""]);
    assert.equal(summary.parameters, 25_557_032); // torchvision's
    assert.equal(summary.multiplyAdds, 4_089_184_256); // 4.09 GFLOPS in torchvision's table of weights
    assert.deepEqual(summary.layers.at(-1), {
      name: "fc",
      type: "Linear",
      output: [1000],
      parameters: 2_049_000,
      multiplyAdds: 2_048_000,
    });
  });

  test("summary as a table", () => {
    const { stdout } = resnet("summary", "resnet18", "--input", "1x28x28", "--classes", "10");
    assert.match(stdout, /^resnet18, input 1 x 28 x 28\n/);
    assert.match(stdout, /\nlayer4\.1\.conv2 +Conv2d +512 x 1 x 1 +2,359,296 +2,359,296\n/);
    assert.match(stdout, /\nparameters +11,175,370 /);
    assert.match(stdout, /\nmemory to train on a batch of 32\n/);
  });

  test("summary takes images and classes that the model was made for, and a batch", () => {
    const { stdout } = resnet("summary", "cifar-resnet20", "--batch", "8", "--json");
    const { input, parameters, memory } = JSON.parse(stdout) as {
      input: number[];
      parameters: number;
      memory: Record<string, number>;
    };
    assert.deepEqual([input, parameters], [[3, 32, 32], 269_722]);
    const { batch, parameterBytes, optimizerBytes, arenaBytes, totalBytes } = memory;
    assert.deepEqual([batch, optimizerBytes], [8, 4 * parameters]);
    assert.equal(totalBytes, parameterBytes! + optimizerBytes! + arenaBytes!);
  });

  test("data, recipes and doctor --json", () => {
    assert.equal(
      (JSON.parse(resnet("data", "list", "--json").stdout) as { name: string }[])
        .map(({ name }) => name)
        .join(", "),
      dataNames,
    );
    assert.equal(
      (
        JSON.parse(resnet("data", "info", "fashion-mnist", "--json").stdout) as {
          trainRows: number;
        }
      ).trainRows,
      60_000,
    );
    assert.ok("fashion-resnet34" in (JSON.parse(resnet("recipes", "--json").stdout) as object));
    const doctor = JSON.parse(resnet("doctor", "--json").stdout) as {
      node: string;
      executor: string;
      jpeg: string;
    };
    assert.equal(doctor.node, process.version);
    assert.match(doctor.jpeg, /^(libjpeg-turbo \d+\.\d|sharp \()/);
    assert.ok(["native", "reference"].includes(doctor.executor));
  });
});

const native = ((): boolean => {
  try {
    return Boolean(loadAddon());
  } catch {
    return false;
  }
})();

describe("bench", { skip: native ? false : "the native engine is not built" }, () => {
  test("prints one document with the machine and the rows", () => {
    const args = [
      "bench",
      "--rows",
      "infer 1x28x28 b1",
      "--rounds",
      "1",
      "--threads",
      "1",
      "--precision",
      "bf16",
      "--json",
    ];
    const { status, stdout, stderr } = resnet(...args);
    assert.equal(status, 0, stderr);
    const { machine, rows } = JSON.parse(stdout) as {
      machine: {
        threads: number;
        precision: string;
        peak: { flopsPerSecond: number; bytesPerSecond: number };
      };
      rows: {
        name: string;
        ours: { name: string; imagesPerSecond: number };
        peer: null;
        ratio: null;
        roofline: { fraction: number };
      }[];
    };
    assert.deepEqual([machine.threads, machine.precision], [1, "bf16"]);
    assert.ok(machine.peak.flopsPerSecond > 1e9 && machine.peak.bytesPerSecond > 1e8);
    const [row] = rows;
    assert.deepEqual([row?.name, row?.peer, row?.ratio], ["infer resnet18 1x28x28 b1", null, null]);
    assert.equal(row!.ours.name, "resnet-ts bf16");
    assert.ok(row!.ours.imagesPerSecond > 0 && row!.roofline.fraction > 0);
  });

  test("says what rows there are, and which variable is missing", () => {
    const unknown = resnet("bench", "--rows", "resnet19");
    assert.equal(unknown.status, 2);
    assert.match(unknown.stderr, /^error: no row has all the words of "resnet19"; the rows are\n/);
    const { stderr, status } = resnet("bench", "--rows", "infer b1", "--compare", "onnxruntime");
    assert.equal(status, 1);
    assert.match(stderr, /onnxruntime cannot be measured: RESNET_BENCH_\w+ is not set/);
  });
});

describe("train and eval on real data", { skip: skipWithoutFashionMnist }, () => {
  const directory = scratchFolder();

  const size = native
    ? { model: "resnet18", train: 96, test: 200 }
    : { model: "resnet18", train: 24, test: 16 };
  const common = `--model ${size.model} --epochs 2 --batch 40 --lr 0.01 --limit-train ${size.train} --limit-valid 16 --limit-test ${size.test}`;
  const out = (name: string): string => path.join(directory, name);
  const read = (run: string, file: string): Buffer => readFileSync(path.join(out(run), file));

  test("writes a run directory, prints one document, and two runs give the same weights", () => {
    const first = resnet("train", ...common.split(" "), "--json", "--out", out("first"));
    assert.equal(first.status, 0, first.stderr);
    const document = JSON.parse(first.stdout) as {
      run: string;
      epochs: object[];
      imagesPerSecond: number;
      test: { accuracy: number; loss: number };
    };
    assert.equal(document.run, out("first"));
    assert.equal(document.epochs.length, 2);
    assert.ok(
      document.imagesPerSecond > 0 && document.test.loss > 0 && document.test.accuracy >= 0,
    );

    const charts = ["accuracy", "calibration", "confusion", "learning-rate", "loss", "mistakes"];
    charts.push("precision-recall", "predictions", "roc");
    const others =
      "best.safetensors config.json last.safetensors metrics.jsonl report.json report.txt " +
      "resume.previous.safetensors resume.safetensors steps.jsonl";
    assert.deepEqual(
      readdirSync(out("first")).sort(),
      [...charts.flatMap((name) => [`${name}.png`, `${name}.svg`]), ...others.split(" ")].sort(),
    );
    assert.equal(read("first", "metrics.jsonl").toString().trim().split("\n").length, 2);
    const { tensors } = readSafetensors(read("first", "last.safetensors"));
    assert.deepEqual(tensors.get("layer4.1.conv2.weight")?.shape, [512, 512, 3, 3]);

    assert.equal(resnet("train", ...common.split(" "), "--out", out("second")).status, 0);
    assert.ok(read("first", "last.safetensors").equals(read("second", "last.safetensors")));
  });

  test("eval says what train said of the test images, and knows the run's own validation images", () => {
    const checkpoint = path.join(out("first"), "last.safetensors");
    const metrics = read("first", "metrics.jsonl")
      .toString()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { validLoss: number; validAccuracy: number });
    const { status, stdout, stderr } = resnet("eval", checkpoint, "--split", "valid", "--json");
    assert.equal(status, 0, stderr);
    const { accuracy, loss, samples, confusion } = JSON.parse(stdout) as {
      accuracy: number;
      loss: number;
      samples: number;
      confusion: number[][];
    };
    assert.equal(samples, 16);
    assert.equal(accuracy, metrics.at(-1)?.validAccuracy);
    assert.ok(Math.abs(loss - metrics.at(-1)!.validLoss) < 1e-5); // batches of another size sum in another order
    assert.equal(
      confusion.flat().reduce((a, b) => a + b),
      16,
    );
  });

  test("computes in fp32 unless told otherwise, and --precision bf16 tells it so", () => {
    const precision = (run: string): string =>
      (JSON.parse(read(run, "config.json").toString()) as { precision: string }).precision;
    assert.equal(precision("first"), "fp32");
    const words = [...common.split(" "), "--precision", "bf16", "--json"];
    const { status, stdout, stderr } = resnet("train", ...words, "--out", out("bf16"));
    assert.equal(status, 0, stderr);
    assert.ok((JSON.parse(stdout) as { test: { loss: number } }).test.loss > 0);
    assert.equal(precision("bf16"), "bf16");
    const checkpoint = path.join(out("bf16"), "last.safetensors");
    assert.equal(readSafetensors(readFileSync(checkpoint)).tensors.get("fc.weight")?.dtype, "f32");
    assert.equal(resnet("eval", checkpoint, "--split", "valid", "--json").status, 0);
  });

  test("--precision auto is settled before it is recorded", () => {
    const { native: engine } = JSON.parse(resnet("doctor", "--json").stdout) as {
      native: { bf16: boolean } | null;
    };
    const words = [...common.split(" "), "--epochs", "1", "--precision", "auto"];
    const { status, stderr } = resnet("train", ...words, "--json", "--out", out("auto"));
    assert.equal(status, 0, stderr);
    const { precision } = JSON.parse(read("auto", "config.json").toString()) as {
      precision: string;
    };
    assert.equal(precision, engine?.bf16 ? "bf16" : "fp32");
  });

  test("--profile adds up to the steps and evaluations", () => {
    const args = ["train", ...common.split(" "), "--json", "--profile", "--out", out("profiled")];
    const { status, stdout, stderr } = resnet(...args);
    assert.equal(status, 0, stderr);
    const { profiles } = JSON.parse(stdout) as {
      profiles: { program: string; milliseconds: number; kinds: { milliseconds: number }[] }[];
    };
    assert.deepEqual([...new Set(profiles.map(({ program }) => program))].sort(), [
      "evaluate",
      "train-step",
    ]);
    for (const { milliseconds, kinds } of profiles)
      assert.ok(kinds.reduce((sum, kind) => sum + kind.milliseconds, 0) <= milliseconds);
    assert.match(stderr, /\ninstruction +number +ms +share +GFLOP\/s +GB\/s\n/);
  });

  test("--resume goes on with more epochs, and with nothing else that is different", () => {
    const resume = (...words: string[]) => resnet("train", "--resume", out("second"), ...words);
    const { status, stderr } = resume("--lr", "0.5");
    assert.equal(status, 2);
    assert.equal(
      stderr,
      `error: the run in ${out("second")} is trained with --learning-rate 0.01, not 0.5: ` +
        "a resumed run keeps its configuration, except for more --epochs; start another one without --resume\n",
    );
    assert.match(resume("--epochs", "1").stderr, /has 2 epochs; --epochs 1 would be fewer/);
    assert.match(resume("fashion-resnet50").stderr, /was started from the recipe fashion-resnet34/);

    const longer = resume("--epochs", "3", "--lr", "0.01", "--json");
    assert.equal(longer.status, 0, longer.stderr);
    assert.equal((JSON.parse(longer.stdout) as { epochs: object[] }).epochs.length, 3);
    const config = JSON.parse(read("second", "config.json").toString()) as { epochs: number };
    assert.equal(config.epochs, 3);
  });

  test("a directory that holds something is left alone", () => {
    const { status, stderr } = resnet("train", ...common.split(" "), "--out", out("first"));
    assert.equal(status, 1);
    assert.equal(
      stderr,
      `error: ${out("first")} is not empty (accuracy.png, accuracy.svg, best.safetensors, …): name another directory with --out, or go on with --resume ${out("first")}\n`,
    );
  });

  test("a checkpoint of another program is refused", () => {
    writeFileSync(out("text.safetensors"), "not a checkpoint at all");
    const { status, stderr } = resnet("eval", out("text.safetensors"));
    assert.equal(status, 1);
    assert.match(stderr, /^error: .*text\.safetensors: it is a text file, not weights: /);
  });

  test("Ctrl-C finishes the step, saves, and exits with 130", async () => {
    const args = [
      "train",
      ...common.replace("--epochs 2", "--epochs 100").split(" "),
      "--out",
      out("stopped"),
    ];
    const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdout.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes("epoch ")) child.kill("SIGINT");
    });
    const status = await new Promise((resolve) => child.on("exit", resolve));
    assert.equal(status, 130);
    assert.match(stderr, /\nfinishing this step and saving; press Ctrl-C again to stop at once\n/);
    assert.match(
      stderr,
      /\nstopped in epoch \d+ of 100, and saved\nto go on: node .*main\.js train --resume .*stopped\n/,
    );
    assert.ok(existsSync(path.join(out("stopped"), "last.safetensors")));
    assert.equal(
      resnet("eval", path.join(out("stopped"), "last.safetensors"), "--split", "valid").status,
      0,
    );
  });
});
