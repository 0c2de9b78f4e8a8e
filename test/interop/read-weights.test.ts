import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { readWeights } from "../../src/node/interop/read-weights.js";
import type { Weights } from "../../src/interop/stored-array.js";
import { packageRoot } from "../helpers/fixtures.js";

const fixture = (name: string): string => path.join(packageRoot, "test/fixtures/torch", name);

interface Expected {
  readonly shape: readonly number[];
  readonly values: readonly (number | string | boolean)[];
}

const expected = Object.entries(
  JSON.parse(readFileSync(fixture("tensors.json"), "utf8")) as Readonly<Record<string, Expected>>,
);

const dtypes: Readonly<Record<string, string>> = {
  i64: "i64",
  scalar: "i64",
  i32: "i32",
  i16: "i32",
  i8: "i8",
  u8: "u8",
  bool: "u8",
};

let folder = "";
before(async () => (folder = await mkdtemp(path.join(tmpdir(), "resnet-ts-"))));
after(() => rm(folder, { recursive: true }));

function checkTensors(weights: Weights): void {
  assert.deepEqual([...weights.keys()].sort(), expected.map(([name]) => name).sort());
  for (const [name, { shape, values }] of expected) {
    const array = weights.get(name)!;
    assert.deepEqual(array.shape, shape, name);
    assert.equal(array.dtype, dtypes[name] ?? "f32", name);
    assert.deepEqual(Array.from(array.data, Number), values.map(Number), name);
  }
}

describe("readWeights", () => {
  for (const file of ["tensors.pth", "tensors-legacy.pth", "tensors.safetensors"]) {
    test(`reads every dtype, views and shared storages of ${file}`, async () => {
      checkTensors(await readWeights(fixture(file)));
    });
  }

  test("reads a model in shards", async () => {
    checkTensors(await readWeights(fixture("model.safetensors.index.json")));
  });

  for (const file of ["training.pth", "training-legacy.pth"]) {
    test(`finds the state_dict in a training's state, ${file}`, async () => {
      const weights = await readWeights(fixture(file));
      assert.deepEqual(
        [...weights.keys()],
        ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"].map(
          (name) => `module.${name}`,
        ),
      );
    });
  }

  test("reads protocol 4", async () => {
    const weights = await readWeights(fixture("protocol4.pth"));
    assert.deepEqual([...weights.get("weight")!.data], [0, 0]);
  });

  test("different tensors do not share memory, even of one storage", async () => {
    const weights = await readWeights(fixture("tensors.pth"));
    weights.get("base")!.data.fill(7 as never);
    assert.equal(weights.get("row")!.data[0], 20);
  });
});

describe("readWeights refuses", () => {
  const refuses = (file: string, code: string, message: string): Promise<void> =>
    assert.rejects(readWeights(file), { code, message });

  test("a file without tensors", async () => {
    const file = fixture("numbers.pth");
    await refuses(
      file,
      "ERR_TORCH_FILE",
      `${file}: it should hold a state_dict, or one within a dict, but holds a dict of epoch, loss`,
    );
  });

  test("a file that is not there, and a directory", async () => {
    await refuses("/nowhere.pth", "ERR_WEIGHTS_FILE", "/nowhere.pth: there is no such file");
    await refuses(folder, "ERR_WEIGHTS_FILE", `${folder}: this is not a file`);
  });

  test("shards that do not match their index", async () => {
    const index = path.join(folder, "model.safetensors.index.json");
    const weight_map = {
      f32: "model-00001-of-00002.safetensors",
      more: "model-00001-of-00002.safetensors",
    };
    await writeFile(index, JSON.stringify({ weight_map }));
    const shard = "model-00001-of-00002.safetensors";
    await writeFile(path.join(folder, shard), await readFile(fixture(shard)));
    const extra = ["bf16", "f16", "f64", "i64"].map(
      (name) => `${shard} has ${name}, which the index does not say`,
    );
    await refuses(
      index,
      "ERR_WEIGHTS_INDEX",
      `${index}: the shards are not those of the index:\n  ${[...extra, `${shard} lacks more`].join("\n  ")}`,
    );
  });

  const indexes: Readonly<Record<string, readonly [string, string]>> = {
    "shards in other folders": [
      '{"weight_map": {"a": "../secret.safetensors"}}',
      "it names the file ../secret.safetensors; shards stand beside their index",
    ],
    "shards whose names would write on the terminal": [
      '{"weight_map": {"a": "a\\u001b[2J.safetensors"}}',
      "it names the file a?[2J.safetensors; shards stand beside their index",
    ],
    "an index that names itself": [
      '{"weight_map": {"a": "model.safetensors.index.json"}}',
      "it names the file model.safetensors.index.json; shards stand beside their index",
    ],
    "an index of something else": [
      '{"weights": {}}',
      'it is not an index: it should be JSON with a "weight_map" of file names',
    ],
  };
  for (const [name, [text, message]] of Object.entries(indexes)) {
    test(name, async () => {
      const index = path.join(folder, "model.safetensors.index.json");
      await writeFile(index, text);
      await refuses(index, "ERR_WEIGHTS_INDEX", `${index}: ${message}`);
    });
  }
});
