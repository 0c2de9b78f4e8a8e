// An evaluation prints no accuracy that means nothing.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { writeSafetensors } from "../../src/interop/write-safetensors.js";
import { createModel } from "../../src/models/catalog.js";
import { checkpointMetadata } from "../../src/checkpoint/description.js";
import { hostArray, type HostArray } from "../../src/tensor/host-array.js";
import { initialState } from "../../src/checkpoint/model-state.js";
import { writeTestCheckpoint } from "../helpers/checkpoint.js";
import { packageRoot } from "../helpers/fixtures.js";
import { writeImageFolder } from "../helpers/image-folder.js";
import { resnet } from "../helpers/resnet-command.js";

test("eval refuses weights that are NaN, and logits that are not finite", async (t) => {
  const { file, state, description } = await writeTestCheckpoint(t, ["a", "b", "c"]);
  const data = await writeImageFolder(t, { train: 1, val: 1 });
  const evaluate = async (value: number): Promise<ReturnType<typeof resnet>> => {
    const changed = new Map<string, HostArray>(state);
    for (const name of ["linear.weight", "layer3.2.bn2.weight"]) {
      const { shape, data: values } = state.get(name)!;
      changed.set(
        name,
        hostArray(
          shape,
          Float32Array.from(values, () => value),
        ),
      );
    }
    writeFileSync(file, await writeSafetensors(changed, checkpointMetadata(description)));
    return resnet("eval", file, "--data", data, "--json");
  };
  assert.equal((await evaluate(0.5)).status, 0);
  const nan = await evaluate(NaN);
  assert.deepEqual([nan.status, nan.stdout], [1, ""]);
  assert.match(
    nan.stderr,
    /linear\.weight \[3, 64\] has 192 of 192 values|layer3\.2\.bn2\.weight \[64\] has 64 of 64 values/,
  );
  const huge = await evaluate(1e38);
  assert.deepEqual([huge.status, huge.stdout], [1, ""]);
  assert.match(huge.stderr, /the losses are not finite: value 0 is /);
});

test("A checkpoint of one class is refused by predict, explain and eval, with a reason", async (t) => {
  const { file, description } = await writeTestCheckpoint(t);
  const one = { ...description, classes: ["ant"] };
  const state = initialState(createModel(one.model, { classes: 1, channels: 3 }), 3);
  writeFileSync(file, await writeSafetensors(state, checkpointMetadata(one)));
  const picture = path.join(packageRoot, "test/fixtures/images/colour.png");
  const data = await writeImageFolder(t, { train: 1, val: 1 });
  for (const words of [
    ["predict", file, picture],
    ["explain", file, picture, "--out", `${file}.png`],
    ["eval", file, "--data", data],
  ]) {
    const { status, stdout, stderr } = resnet(...words);
    assert.deepEqual([status, stdout], [1, ""], words[0]);
    assert.match(
      stderr,
      /the model has one class, ant, and would give it 100 % for every picture: /,
    );
  }
});
