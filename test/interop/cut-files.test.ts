// Files of weights and of trainings on disk, cut at every byte: each time an error with a code, on one line.
import assert from "node:assert/strict";
import { copyFile, cp, mkdtemp, readFile, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { ReferenceExecutor } from "../../src/executors/reference/reference-executor.js";
import { readWeights } from "../../src/node/interop/read-weights.js";
import { sourceOf } from "../../src/interop/write-safetensors.js";
import { ResnetError } from "../../src/tensor/error.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { readCheckpoint, writeCheckpoint } from "../../src/node/runs/checkpoint-file.js";
import { findRecipe } from "../../src/train/recipes.js";
import { startOfTraining } from "../../src/train/progress.js";
import { readTrainingState, writeTrainingState } from "../../src/node/runs/training-state.js";
import { packageRoot } from "../helpers/fixtures.js";

let folder = "";
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "resnet-ts-cut-"));
  await cp(path.join(packageRoot, "test/fixtures/torch"), folder, { recursive: true });
  const description = {
    model: "resnet18",
    classes: ["a", "b"],
    imageShape: [6, 5, 1] as [number, number, number],
    normalize: { mean: [0], std: [1] },
  };
  const weight = hostArray([2, 3], [1, 2, 3, 4, 5, 6]);
  const checkpoint = path.join(folder, "checkpoint.safetensors");
  await writeCheckpoint(
    checkpoint,
    { ...description, epoch: 1 },
    sourceOf(new Map([["w", weight]])),
  );
  const executor = new ReferenceExecutor();
  await executor.write("w", weight);
  const { config } = findRecipe("fashion-resnet34");
  const record = { config, description, executor: "", progress: startOfTraining, epochs: [] };
  await writeTrainingState(path.join(folder, "resume.safetensors"), record, executor);
});
after(() => rm(folder, { recursive: true }));

/** Each file, and what reads it: itself, or what it is a part of. */
const readers: Readonly<Record<string, () => Promise<unknown>>> = {
  "protocol4.pth": () => readWeights(path.join(folder, "protocol4.pth")),
  "training-legacy.pth": () => readWeights(path.join(folder, "training-legacy.pth")),
  "tensors.safetensors": () => readWeights(path.join(folder, "tensors.safetensors")),
  "model.safetensors.index.json": () =>
    readWeights(path.join(folder, "model.safetensors.index.json")),
  "model-00001-of-00002.safetensors": () =>
    readWeights(path.join(folder, "model.safetensors.index.json")),
  "checkpoint.safetensors": () => readCheckpoint(path.join(folder, "checkpoint.safetensors")),
  "resume.safetensors": () => readTrainingState(path.join(folder, "resume.safetensors")),
};

describe("cut at every byte", () => {
  for (const [name, read] of Object.entries(readers)) {
    test(name, async () => {
      const file = path.join(folder, name);
      await copyFile(file, `${file}.whole`);
      await read();
      const text = await readFile(file, "utf8");
      // What stands behind the last brace of an index is blank.
      const { size } = await stat(file);
      const last = name.endsWith(".json") ? text.lastIndexOf("}") : size - 1;
      for (let length = last; length >= 0; length--) {
        await truncate(file, length);
        await assert.rejects(read(), (error) => {
          assert.ok(error instanceof ResnetError, `${length} bytes: ${String(error)}`);
          assert.match(error.code, /^ERR_/);
          assert.match(error.message, /^[^\p{Cc}]{1,600}$/u, `${length} bytes`);
          return true;
        });
      }
      await copyFile(`${file}.whole`, file);
    });
  }
});
