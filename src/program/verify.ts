import { ResnetError } from "../tensor/error.js";
import { bytesPerElement, sizeOf } from "../tensor/shape.js";
import type { BufferId, BufferSpec, Instruction, Program } from "./program.js";
import { badStructure } from "./structure.js";
import { hostTraits, type ExecutorTraits } from "./traits.js";

type ArenaBuffer = Extract<BufferSpec, { place: "arena" }>;

/**
 * Checks what an executor relies on: buffers exist, lie within the arena and keep to the executor's traits, every arena
 * buffer is written before it is read, no instruction destroys a value that a later one reads, and inputs are never written.
 *
 * @param traits of the executor that will run it
 * @throws {ResnetError} `ERR_PROGRAM`, one line a finding
 */
export function verifyProgram(program: Program, traits: ExecutorTraits = hostTraits): void {
  const findings = badStructure(program);
  if (findings.length === 0) findings.push(...badBuffers(program, traits), ...badIds(program));
  if (findings.length === 0) findings.push(...badAccesses(program));
  if (findings.length > 0) {
    throw new ResnetError(
      "ERR_PROGRAM",
      `the program ${String((program as Program | null)?.name)} does not verify:\n  ${findings.join("\n  ")}`,
    );
  }
}

function badBuffers({ buffers, arenaBytes }: Program, traits: ExecutorTraits): string[] {
  const { alignment, maxBindingBytes, maxBufferBytes } = traits;
  const names = new Set<string>();
  const findings = buffers.flatMap((buffer, id) => {
    const findings: string[] = [];
    if (!traits.dtypes.includes(buffer.dtype))
      findings.push(`b${id} is ${String(buffer.dtype)}, not one of ${traits.dtypes.join(", ")}`);
    const bytes = sizeOf(buffer.shape) * bytesPerElement[buffer.dtype];
    if (bytes > Math.min(maxBindingBytes, maxBufferBytes)) {
      const most = Math.min(maxBindingBytes, maxBufferBytes);
      findings.push(`b${id} takes ${bytes} bytes, and the executor takes at most ${most}`);
    }
    if (!buffer.shape.every((size) => Number.isInteger(size) && size >= 1))
      findings.push(`b${id} has an axis that is not positive`);
    if (buffer.place === "arena") {
      if (buffer.offset % alignment !== 0 || buffer.offset < 0)
        findings.push(`b${id} is at ${buffer.offset}, not a multiple of ${alignment}`);
      if (endOf(buffer) > arenaBytes)
        findings.push(`b${id} ends at ${endOf(buffer)} but the arena at ${arenaBytes}`);
      if ((buffer.offset % maxBufferBytes) + bytes > maxBufferBytes)
        findings.push(`b${id} lies across a multiple of ${maxBufferBytes}, where the arena is cut`);
    } else {
      if (names.has(`${buffer.place} ${buffer.name}`))
        findings.push(`b${id} is the second ${buffer.place} ${buffer.name}`);
      names.add(`${buffer.place} ${buffer.name}`);
    }
    return findings;
  });
  return findings;
}

const endOf = ({ offset, shape, dtype }: ArenaBuffer): number =>
  offset + sizeOf(shape) * bytesPerElement[dtype];

function badIds({ buffers, instructions, outputs }: Program): string[] {
  const unknown = (id: BufferId): boolean =>
    !Number.isInteger(id) || id < 0 || id >= buffers.length;
  const findings = instructions.flatMap((instruction, i) =>
    [...Object.entries(instruction.inputs), ...Object.entries(instruction.outputs)]
      .filter(([, id]) => unknown(id))
      .map(
        ([operand, id]) =>
          `${at(instruction, i)}: ${operand} is b${id}, and there are ${buffers.length} buffers`,
      ),
  );
  for (const [name, id] of Object.entries(outputs))
    if (unknown(id)) findings.push(`output ${name} is b${id}, which does not exist`);
  return findings;
}

const at = ({ op, module }: Instruction, i: number): string =>
  `instruction ${i}, ${op}${module ? ` in ${module}` : ""}`;

/** Plays the program with, for every buffer, who holds its memory. */
function badAccesses({ buffers, instructions, outputs }: Program): string[] {
  const findings: string[] = [];
  const holding = new Set<BufferId>(); // arena buffers whose value is whole
  const read = (id: BufferId, who: string): void => {
    if (buffers[id]?.place === "arena" && !holding.has(id))
      findings.push(`${who} reads b${id}, which holds no value there`);
  };
  instructions.forEach((instruction, i) => {
    for (const id of Object.values(instruction.inputs)) read(id, at(instruction, i));
    const written = Object.values(instruction.outputs);
    for (const id of written) {
      const buffer = buffers[id]!;
      if (buffer.place === "input")
        findings.push(`${at(instruction, i)} writes the input ${buffer.name}`);
      if (buffer.place !== "arena") continue;
      const torn = Object.values(instruction.inputs).find((input) =>
        overlapsPartly(buffer, buffers[input]!),
      );
      if (torn !== undefined)
        findings.push(`${at(instruction, i)} writes b${id} over a part of its input b${torn}`);
      for (const other of holding) if (overlap(buffer, buffers[other]!)) holding.delete(other);
    }
    written.forEach((id, index) => {
      if (written.slice(0, index).some((other) => overlap(buffers[id]!, buffers[other]!))) {
        findings.push(`${at(instruction, i)} writes b${id} over another of its outputs`);
      }
      if (buffers[id]!.place === "arena") holding.add(id);
    });
  });
  for (const [name, id] of Object.entries(outputs)) read(id, `output ${name}`);
  return findings;
}

function overlap(a: BufferSpec, b: BufferSpec): boolean {
  if (a.place !== "arena" || b.place !== "arena") return a === b;
  return a.offset < endOf(b) && b.offset < endOf(a);
}

/** In place is fine, and so is elsewhere; anything between destroys an input while it is read. */
const overlapsPartly = (a: BufferSpec, b: BufferSpec): boolean =>
  a.place === "arena" &&
  b.place === "arena" &&
  overlap(a, b) &&
  !(a.offset === b.offset && endOf(a) === endOf(b));
