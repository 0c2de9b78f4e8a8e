import type { Op } from "../../graph/define-op.js";
import { signatureMismatch } from "../../graph/signature.js";
import { opsByName } from "../../ops/registry.js";
import type { BufferId, BufferSpec, Instruction, Program } from "../../program/program.js";
import type { Attrs } from "../../tensor/attrs.js";
import { ResnetError } from "../../tensor/error.js";
import { describeSpec, sameShape, type TensorSpec } from "../../tensor/shape.js";

/**
 * Checks every instruction against the declaration of its op: operands and attributes match the signature, outputs have the
 * shapes and dtypes that the shape rule gives, and outputs share memory only with inputs that the op overwrites in place.
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
  const specs = (ids: Readonly<Record<string, BufferId>>): Record<string, TensorSpec> =>
    Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, buffers[id]!]));
  const [inputs, outputs] = [specs(instruction.inputs), specs(instruction.outputs)];
  return (
    signatureMismatch(op, { inputs, outputs, attrs: instruction.attrs }) ??
    badShapes(op, inputs, outputs, instruction.attrs) ??
    badSharing(op, instruction, buffers)
  );
}

function badShapes(
  op: Op,
  inputs: Readonly<Record<string, TensorSpec>>,
  outputs: Readonly<Record<string, TensorSpec>>,
  attrs: Attrs,
): string | null {
  try {
    const results = op.shape(inputs, attrs);
    for (const { name } of op.outputs) {
      const [given, due] = [outputs[name], results[name]];
      if (!given || !due) continue;
      if (!sameShape(given.shape, due.shape) || given.dtype !== due.dtype)
        return `${name} is ${describeSpec(given)}, not ${describeSpec(due)}`;
    }
    return null;
  } catch (error) {
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
