// Programs may reach the addon from anywhere: by itself it must refuse every instruction that the ops' own rules refuse.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkInstructions } from "../../../src/executors/reference/check-instructions.js";
import { loadAddon, type AddonExecutor } from "../../../src/node/native/load-addon.js";
import { opsByName } from "../../../src/ops/registry.js";
import type { BufferSpec, Instruction, Program } from "../../../src/program/program.js";
import type { AttrValue } from "../../../src/tensor/attrs.js";
import { randomKey, uniform } from "../../../src/tensor/random.js";
import { bytesPerElement, sizeOf, type TensorSpec } from "../../../src/tensor/shape.js";
import { nativeSkip } from "../../helpers/executors.js";
import type { ConformanceCase } from "../conformance-case.js";
import { conformanceCases } from "../conformance-cases.js";

interface Specs {
  inputs: Record<string, TensorSpec>;
  outputs: Record<string, TensorSpec>;
  attrs: Record<string, AttrValue>;
}

/** One instruction whose inputs are given and whose outputs lie in the arena. */
function programOf(op: string, { inputs, outputs, attrs }: Specs): Program {
  const buffers: BufferSpec[] = [];
  let arenaBytes = 0;
  const ids = (specs: Specs["inputs"], place: "input" | "arena"): Instruction["inputs"] =>
    Object.fromEntries(
      Object.entries(specs).map(([name, { shape, dtype }]) => {
        if (place === "input") buffers.push({ shape, dtype, place, name });
        else {
          buffers.push({ shape, dtype, place, offset: arenaBytes });
          arenaBytes += Math.ceil((sizeOf(shape) * bytesPerElement[dtype]) / 64) * 64;
        }
        return [name, buffers.length - 1];
      }),
    );
  const instruction: Instruction = {
    op,
    inputs: ids(inputs, "input"),
    outputs: ids(outputs, "arena"),
    attrs,
    module: "",
  };
  return { name: op, arenaBytes, buffers, instructions: [instruction], outputs: {} };
}

function specsOf({ op, inputs, outputs, attrs }: ConformanceCase): Specs {
  const given = Object.fromEntries(
    Object.entries(inputs()).map(([name, { shape, dtype }]) => [name, { shape, dtype }]),
  );
  const results = opsByName.get(op)!.shape(given, attrs);
  return {
    inputs: given,
    outputs: Object.fromEntries(outputs.map((name) => [name, results[name]!])),
    attrs: { ...attrs },
  };
}

/** Changes one operand's dtype or shape, or one attribute, or leaves one of them out. */
function damage(specs: Specs, random: (n: number) => number): void {
  const pick = <T>(items: readonly T[]): T => items[random(items.length)]!;
  const where = pick([specs.inputs, specs.inputs, specs.outputs]);
  const names = Object.keys(where);
  if (random(3) === 0 || names.length === 0) {
    const attrs = Object.keys(specs.attrs);
    if (attrs.length === 0) return;
    const name = pick(attrs);
    const junk: AttrValue[] = [
      -1,
      0,
      1,
      2,
      3,
      17,
      0.5,
      1e9,
      NaN,
      Infinity,
      "relu",
      true,
      [2, 2],
      [],
    ];
    if (random(8) === 0) Reflect.deleteProperty(specs.attrs, name);
    else specs.attrs[name] = pick(junk);
    return;
  }
  const name = pick(names);
  const { shape, dtype } = where[name]!;
  const axis = random(Math.max(shape.length, 1));
  const resized = shape.map((size, i) =>
    i === axis ? pick([1, size + 1, 2 * size, Math.max(1, size - 1)]) : size,
  );
  const changes: (() => void)[] = [
    () => (where[name] = { shape: resized, dtype }),
    () => (where[name] = { shape: resized, dtype }),
    () => (where[name] = { shape: shape.slice(1), dtype }),
    () => (where[name] = { shape: [...shape, 2], dtype }),
    () => (where[name] = { shape, dtype: pick(["f32", "bf16", "i32", "u8"] as const) }),
    () => Reflect.deleteProperty(where, name),
  ];
  pick(changes)();
}

/** The message with which `load` refuses, or null. */
function refusal(load: () => void): string | null {
  try {
    load();
    return null;
  } catch (error) {
    assert.equal((error as { readonly code?: string }).code, "ERR_PROGRAM", String(error));
    return (error as Error).message;
  }
}

describe("the addon alone", { skip: nativeSkip || false }, () => {
  const key = randomKey(1, "hostile instructions");
  let draw = 0;
  const random = (n: number): number => Math.floor(uniform(key, draw++) * n);

  test("refuses exactly the instructions that the ops' rules refuse", () => {
    let refused = 0;
    for (const each of conformanceCases) {
      const executor: AddonExecutor = new (loadAddon().Executor)(1);
      for (let round = 0; round < 40; round++) {
        const specs = specsOf(each);
        for (let i = 0; i <= random(2); i++) damage(specs, random);
        const program = programOf(each.op, specs);
        const expected = refusal(() => checkInstructions(program));
        const found = refusal(() => executor.load(program));
        if (expected !== null) refused++;
        assert.equal(
          found === null,
          expected === null,
          `${each.op} ${JSON.stringify(specs)}: rules: ${expected}; addon: ${found}`,
        );
      }
      executor.close();
    }
    assert.ok(refused > 15 * conformanceCases.length, `${refused} were refused`);
  });
});
