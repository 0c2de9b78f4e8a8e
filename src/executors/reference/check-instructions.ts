import { outputNames, type Op } from "../../graph/define-op.js";
import { opsByName } from "../../ops/registry.js";
import type { BufferId, BufferSpec, Instruction, Program } from "../../program/program.js";
import { ResnetError } from "../../tensor/error.js";
import { formatShape, sameShape } from "../../tensor/shape.js";

/**
 * Checks every instruction against the rules of its op: operands there and no others, shapes and dtypes as the shape
 * rule gives them, memory shared only where the op works in place.
 *
 * @throws {ResnetError} `ERR_PROGRAM`
 */
export function checkInstructions({ name, buffers, instructions }: Program): void {
  instructions.forEach((instruction, i) => {
    const finding = findingOf(instruction, buffers);
    if (finding === null) return;
    const where = `instruction ${i}, ${instruction.op}`;
    throw new ResnetError(
      "ERR_PROGRAM",
      `the program ${name} does not verify: ${where}: ${finding}`,
    );
  });
}

function findingOf(instruction: Instruction, buffers: readonly BufferSpec[]): string | null {
  const op = opsByName.get(instruction.op);
  if (!op) return "there is no such op";
  return (
    badNames(op.inputs, instruction.inputs) ??
    badNames(op.outputs, instruction.outputs) ??
    badShapes(op, instruction, buffers) ??
    badSharing(op, instruction, buffers)
  );
}

function badNames(
  declared: readonly string[],
  given: Readonly<Record<string, BufferId>>,
): string | null {
  const missing = declared.find((name) => !name.endsWith("?") && !(name in given));
  if (missing !== undefined) return `${missing} is missing`;
  const known = new Set(declared.map((name) => name.replace("?", "")));
  const unknown = Object.keys(given).find((name) => !known.has(name));
  return unknown === undefined ? null : `it has no operand named ${unknown}`;
}

function badShapes(
  op: Op,
  { inputs, outputs, attrs }: Instruction,
  buffers: readonly BufferSpec[],
): string | null {
  const specs = Object.fromEntries(
    Object.entries(inputs).map(([name, id]) => [name, buffers[id]!]),
  );
  try {
    const results = op.shape(specs, attrs);
    for (const name of outputNames(op)) {
      const [given, due] = [outputs[name], results[name]];
      if (given === undefined || !due) continue;
      const { shape, dtype } = buffers[given]!;
      if (!sameShape(shape, due.shape) || dtype !== due.dtype) {
        return `${name} is ${dtype} ${formatShape(shape)}, not ${due.dtype} ${formatShape(due.shape)}`;
      }
    }
    return null;
  } catch (error) {
    // The rule itself refuses its inputs, or attributes of another type make it fail.
    return error instanceof Error ? error.message : String(error);
  }
}

function badSharing(
  op: Op,
  { inputs, outputs }: Instruction,
  buffers: readonly BufferSpec[],
): string | null {
  for (const [output, to] of Object.entries(outputs)) {
    for (const [input, from] of Object.entries(inputs)) {
      if (
        samePlace(buffers[to]!, to, buffers[from]!, from) &&
        !op.inPlace?.[output]?.includes(input)
      ) {
        return `it does not compute ${output} in the place of ${input}`;
      }
    }
  }
  return null;
}

/** Arena buffers that overlap only in part never get here: `verifyProgram` refuses them. */
const samePlace = (a: BufferSpec, idA: BufferId, b: BufferSpec, idB: BufferId): boolean =>
  idA === idB || (a.place === "arena" && b.place === "arena" && a.offset === b.offset);
