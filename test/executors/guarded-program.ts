// A program around one instruction that notices writes outside its results and results left unwritten.
import type { Executor, RunOutputs } from "../../src/executors/executor.js";
import { opsByName } from "../../src/ops/registry.js";
import type { BufferSpec, Instruction, Program } from "../../src/program/program.js";
import { allocate, hostArray, type HostArray } from "../../src/tensor/host-array.js";
import { bytesPerElement, sizeOf, type TensorSpec } from "../../src/tensor/shape.js";
import type { ConformanceCase } from "./conformance-case.js";

/** Output name → the input whose memory it takes. */
export type InPlace = Readonly<Record<string, string>>;

/** A pattern that no result happens to be. */
export const sentinel = -1.2345e30;

const bytesOf = ({ shape, dtype }: TensorSpec): number => sizeOf(shape) * bytesPerElement[dtype];

export interface GuardedProgram {
  readonly program: Program;
  /** Names of the program's outputs that must come back full of `sentinel`. */
  readonly guards: readonly string[];
  /** Float inputs that the program reads from the arena, where they must not change. */
  readonly copies: readonly string[];
}

/**
 * Each operand lies in the arena between two guards, regions filled with `sentinel` before the instruction
 * and returned after it. Results hold NaN at first (as integers: the bytes of NaN). Float operands are copied
 * into the arena, and returned as `copy <name>` unless a result takes their place; integers and scalars
 * are read where the run gives them.
 *
 * @param alignment of the executor that will run it, in bytes
 */
export function guardedProgram(
  { op, attrs, inputs: draw, outputs: wanted }: ConformanceCase,
  inPlace: InPlace,
  alignment: number,
): GuardedProgram {
  const guardBytes = 4 * alignment;
  const arrays = draw();
  const buffers: BufferSpec[] = [];
  const before: Instruction[] = [];
  const outputs: Record<string, number> = {};
  const guards: string[] = [];
  const copies: string[] = [];
  let offset = 0;

  const push = (buffer: BufferSpec): number => buffers.push(buffer) - 1;
  const emit = (
    name: string,
    from: Record<string, number>,
    to: number,
    attributes: Instruction["attrs"],
  ): void => {
    before.push({ op: name, inputs: from, outputs: { y: to }, attrs: attributes, module: "" });
  };
  const arena = (spec: TensorSpec, at: number): number =>
    push({ ...spec, place: "arena", offset: at });
  const guard = (): void => {
    const shape = [guardBytes / 4];
    const id = arena({ shape, dtype: "f32" }, offset);
    offset += guardBytes;
    emit("constant", {}, id, { value: sentinel, shape });
    const name = `guard ${guards.length}`;
    guards.push(name);
    outputs[name] = id;
  };
  const region = (bytes: number): number => {
    const at = offset;
    offset += Math.ceil(bytes / alignment) * alignment;
    return at;
  };

  guard();
  const from: Record<string, number> = {};
  for (const [name, { shape, dtype }] of Object.entries(arrays)) {
    const given = push({ shape, dtype, place: "input", name });
    from[name] = given;
    if (!["f32", "bf16"].includes(dtype) || shape.length === 0) continue;
    const copy = arena({ shape, dtype }, region(bytesOf({ shape, dtype })));
    const zeros = push({ shape, dtype, place: "input", name: `zeros ${name}` });
    emit("add", { a: given, b: zeros }, copy, {});
    from[name] = copy;
    guard();
    if (Object.values(inPlace).includes(name)) continue;
    outputs[`copy ${name}`] = copy;
    copies.push(name);
  }

  const specs = opsByName.get(op)!.shape(arrays, attrs);
  const to: Record<string, number> = {};
  for (const name of wanted) {
    const { shape, dtype } = specs[name]!;
    const input = inPlace[name];
    if (input) {
      const { offset: at } = buffers[from[input]!] as Extract<BufferSpec, { place: "arena" }>;
      to[name] = arena({ shape, dtype }, at);
    } else {
      const at = region(bytesOf({ shape, dtype }));
      to[name] = arena({ shape, dtype }, at);
      // NaN over all bytes of the result, whatever its dtype; NaN + NaN is NaN.
      const poison: TensorSpec =
        dtype === "bf16"
          ? { shape, dtype }
          : { shape: [Math.ceil(bytesOf({ shape, dtype }) / 4)], dtype: "f32" };
      const given = push({ ...poison, place: "input", name: `poison ${name}` });
      emit("add", { a: given, b: given }, arena(poison, at), {});
      guard();
    }
    outputs[name] = to[name]!;
  }
  const instruction: Instruction = { op, inputs: from, outputs: to, attrs, module: "" };
  const program: Program = {
    name: `${op} in guards`,
    arenaBytes: offset,
    buffers,
    instructions: [...before, instruction],
    outputs,
  };
  return { program, guards, copies };
}

/** Runs the program on the case's operands; what comes back has the results, the copies and the guards. */
export async function runGuarded(
  executor: Executor,
  { inputs }: ConformanceCase,
  program: Program,
): Promise<RunOutputs> {
  const filled: Record<string, HostArray> = {};
  for (const buffer of program.buffers) {
    if (buffer.place !== "input" || !/^(poison|zeros) /.test(buffer.name)) continue;
    const { shape, dtype } = buffer;
    const nan = dtype === "bf16" ? 0x7fc0 : NaN;
    const value = buffer.name.startsWith("poison ") ? nan : 0;
    filled[buffer.name] = hostArray(shape, allocate(dtype, sizeOf(shape)).fill(value), dtype);
  }
  const loaded = await executor.load(program);
  const outputs = await loaded.run({ ...inputs(), ...filled });
  await loaded.close();
  return outputs;
}
