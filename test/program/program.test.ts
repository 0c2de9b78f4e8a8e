import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lower, plan } from "../../src/planner/plan.js";
import { printProgram } from "../../src/program/print.js";
import type { BufferSpec, Instruction, Program } from "../../src/program/program.js";
import { verifyProgram } from "../../src/program/verify.js";
import type { HostArray } from "../../src/tensor/host-array.js";
import { executorsUnderTest } from "../helpers/executors.js";
import { randomGraph } from "../helpers/random-network.js";

const arena = (offset: number, size = 4): BufferSpec => ({
  shape: [size],
  dtype: "f32",
  place: "arena",
  offset,
});

const instruction = (op: string, inputs: Instruction["inputs"], y: number): Instruction => ({
  op,
  inputs,
  outputs: { y },
  attrs: {},
  module: "",
});

/** x (input b0) → relu → b1 → relu → b2, in an arena of 128 bytes. */
const good: Program = {
  name: "two",
  arenaBytes: 128,
  buffers: [{ shape: [4], dtype: "f32", place: "input", name: "x" }, arena(0), arena(64)],
  instructions: [instruction("relu", { x: 0 }, 1), instruction("relu", { x: 1 }, 2)],
  outputs: { y: 2 },
};

const withBuffer = (id: number, buffer: object): Program => ({
  ...good,
  buffers: good.buffers.map((old, i) => (i === id ? ({ ...old, ...buffer } as BufferSpec) : old)),
});

const withInstruction = (i: number, change: Partial<Instruction>): Program => ({
  ...good,
  instructions: good.instructions.map((old, k) => (k === i ? { ...old, ...change } : old)),
});

const corruptions: Readonly<Record<string, readonly [Program, string]>> = {
  "an unknown dtype": [withBuffer(1, { dtype: "f16" }), "b1 is f16, not one of f32, bf16, i32, u8"],
  "an axis of 0": [withBuffer(1, { shape: [0] }), "b1 has an axis that is not positive"],
  "an axis of 1.5": [withBuffer(0, { shape: [1.5] }), "b0 has an axis that is not positive"],
  "a crooked offset": [withBuffer(1, { offset: 32 }), "b1 is at 32, not a multiple of 64"],
  "a negative offset": [withBuffer(1, { offset: -64 }), "b1 is at -64, not a multiple of 64"],
  "a buffer beyond the arena": [
    withBuffer(2, { shape: [17] }),
    "b2 ends at 132 but the arena at 128",
  ],
  "two buffers of one name": [
    withBuffer(1, { place: "input", name: "x" }),
    "b1 is the second input x",
  ],
  "an unknown operand": [
    withInstruction(1, { inputs: { x: 3 } }),
    "instruction 1, relu: x is b3, and there are 3 buffers",
  ],
  "an unknown result": [
    withInstruction(1, { outputs: { y: -1 }, module: "layer1.0" }),
    "instruction 1, relu in layer1.0: y is b-1, and there are 3 buffers",
  ],
  "an unknown output": [{ ...good, outputs: { y: 7 } }, "output y is b7, which does not exist"],
  "a value read before it is written": [
    { ...good, instructions: [...good.instructions].reverse() },
    "instruction 0, relu reads b1, which holds no value there",
  ],
  "an output that nobody writes": [
    { ...good, instructions: [good.instructions[0]!] },
    "output y reads b2, which holds no value there",
  ],
  "an input that is written": [
    withInstruction(0, { outputs: { y: 0 }, inputs: {} }),
    "instruction 0, relu writes the input x; instruction 1, relu reads b1, which holds no value there",
  ],
  "a value destroyed before its last reader": [
    {
      ...good,
      buffers: [...good.buffers, arena(0)],
      instructions: [
        instruction("relu", { x: 0 }, 1),
        instruction("relu", { x: 0 }, 3), // over b1
        instruction("relu", { x: 1 }, 2),
      ],
    },
    "instruction 2, relu reads b1, which holds no value there",
  ],
  "a result over a part of an operand": [
    {
      ...good,
      buffers: [good.buffers[0]!, arena(0, 32), arena(64)],
      arenaBytes: 128,
    },
    "instruction 1, relu writes b2 over a part of its input b1",
  ],
  "a result over another one": [
    withInstruction(1, { outputs: { y: 2, index: 2 } }),
    "instruction 1, relu writes b2 over another of its outputs",
  ],
};

describe("verifyProgram", () => {
  test("accepts a good program", () => verifyProgram(good));

  test("accepts a result in place of an operand, and memory that is used again", () => {
    const inPlace = { ...good, buffers: [good.buffers[0]!, arena(0), arena(0)], arenaBytes: 64 };
    verifyProgram(inPlace);
  });

  for (const [name, [program, finding]] of Object.entries(corruptions)) {
    test(`notices ${name}`, () => {
      assert.throws(() => verifyProgram(program), {
        name: "ResnetError",
        code: "ERR_PROGRAM",
        message: `the program two does not verify:\n  ${finding.replaceAll("; ", "\n  ")}`,
      });
    });
  }

  test("lists every finding at once", () => {
    const program = { ...withBuffer(1, { offset: 32 }), outputs: { y: 9 } };
    assert.throws(() => verifyProgram(program), {
      message:
        "the program two does not verify:\n" +
        "  b1 is at 32, not a multiple of 64\n  output y is b9, which does not exist",
    });
  });
});

test("printProgram prints buffers, instructions with attributes and modules, and outputs", () => {
  const program: Program = {
    ...withInstruction(0, { op: "leakyRelu", attrs: { slope: 0.1 }, module: "act" }),
    buffers: [good.buffers[0]!, arena(0), { ...arena(64), place: "state", name: "w" }],
  };
  assert.equal(
    printProgram(program),
    [
      "program two   arena 128 bytes",
      "b0   f32 [4]   input x",
      "b1   f32 [4]   arena +0",
      "b2   f32 [4]   state w",
      "leakyRelu x=b0 -> y=b1   slope=0.1   # act",
      "relu x=b1 -> y=b2",
      "output y=b2",
      "",
    ].join("\n"),
  );
});

describe("a program is data", () => {
  for (const { name, create } of executorsUnderTest) {
    test(`saved as JSON and loaded again it computes the same bits on ${name}`, async () => {
      for (let seed = 0; seed < 5; seed++) {
        for (const make of [lower, plan]) {
          const { graph, values } = randomGraph(seed, true);
          const program = make("random", graph);
          const reloaded = JSON.parse(JSON.stringify(program)) as Program;
          assert.deepEqual(reloaded, program);
          verifyProgram(reloaded);
          const results = [];
          for (const each of [program, reloaded]) {
            const executor = create();
            const inputs: Record<string, HostArray> = {};
            for (const [leaf, leafName] of graph.leaves) {
              if (leaf.kind === "input") inputs[leafName] = values[leafName]!;
              else await executor.write(leafName, values[leafName]!);
            }
            const outputs = await (await executor.load(each)).run(inputs);
            const states: Record<string, HostArray> = {};
            for (const key of executor.states().keys()) states[key] = await executor.read(key);
            results.push({ outputs, states });
            await executor.close();
          }
          assert.deepEqual(results[0], results[1]);
        }
      }
    });
  }
});
