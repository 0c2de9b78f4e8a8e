// A large file of weights is in memory once, whatever its format.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { torchChunks } from "../../src/interop/torch/write-torch.js";
import { safetensorsChunks, sourceOf } from "../../src/interop/write-safetensors.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { packageRoot } from "../helpers/fixtures.js";
import { archive, tensorPickle } from "../helpers/torch-file.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

const folder = scratchFolder();

const megabytes = 96;
const values = hostArray([2 ** 20]); // 4 MiB, written again and again
values.data.fill(1);
const tensors = new Map(Array.from({ length: megabytes / 4 }, (_, i) => [`layer${i}`, values]));

async function write(
  name: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<string> {
  const file = path.join(folder, name);
  writeFileSync(file, "");
  for await (const chunk of chunks) writeFileSync(file, chunk, { flag: "a" });
  return file;
}

/** MiB that a process takes for a piece of code, at most, besides those that it has when the modules are loaded. */
function memoryOf(code: string): number {
  const script = `
    const { readWeights } = await import("resnet-ts/interop");
    const before = process.resourceUsage().maxRSS;
    ${code}
    console.log((process.resourceUsage().maxRSS - before) / 1024);`;
  const options = ["--input-type=module", "--eval", script];
  const { stdout, stderr } = spawnSync(process.execPath, options, {
    encoding: "utf8",
    cwd: packageRoot,
  });
  assert.ok(Number(stdout) > 0, stderr);
  return Number(stdout);
}

/** Half as many bytes in the file, as half-precision numbers with the channels last. */
function* channelsLast(): Generator<Uint8Array, void> {
  const elements = megabytes * 2 ** 18;
  const [outputs, inputs] = [2 ** 9, elements / 2 ** 9 / 16];
  const strides = [16 * inputs, 1, 4 * inputs, inputs];
  const storage = { elements, of: "HalfStorage" };
  const pickle = tensorPickle(storage, 0, [outputs, inputs, 4, 4], strides);
  yield archive(pickle, new Uint8Array(2 * elements));
}

/** Files, and how much of the model their reading may take: what is read in pieces leaves some of them to be collected. */
const files = {
  "model.safetensors": { chunks: () => safetensorsChunks(sourceOf(tensors)), most: 1.3 },
  "model.pth": { chunks: () => torchChunks(sourceOf(tensors)), most: 1.3 },
  "channels-last.pth": { chunks: channelsLast, most: 1.45 },
};

describe("a model that is read", () => {
  for (const [name, { chunks, most }] of Object.entries(files)) {
    test(`is in memory once: ${name}`, async () => {
      const file = await write(name, chunks());
      const taken = memoryOf(`globalThis.weights = await readWeights(${JSON.stringify(file)});`);
      assert.ok(taken > 0.9 * megabytes && taken < most * megabytes, `${taken} MiB`);
    });
  }
});
