import type { ProgramTimes } from "../executors/profiled-executor.js";
import { opsByName } from "../ops/registry.js";
import type { Instruction, Program } from "../program/program.js";
import { bytesPerElement, sizeOf, type TensorSpec } from "../tensor/shape.js";
import { formatTable } from "./format.js";

/** The work of one run of an instruction, by the rules of its op. */
export interface InstructionCost {
  readonly flops: number;
  readonly bytes: number;
}

/** Instructions of one kind, or of one layer: sums over one run. */
export interface ProfileEntry {
  readonly name: string;
  readonly instructions: number;
  readonly milliseconds: number;
  readonly flops: number;
  readonly bytes: number;
}

export interface Profile {
  readonly program: string;
  readonly runs: number;
  /** Mean of a run: the sum over the kinds, or over the layers, and the overhead. */
  readonly milliseconds: number;
  /** Time outside all instructions: passing inputs and outputs, and waking the engine. */
  readonly overheadMilliseconds: number;
  /** Slowest first. */
  readonly kinds: readonly ProfileEntry[];
  /** Slowest first; what belongs to no layer has the name "". */
  readonly layers: readonly ProfileEntry[];
}

/** Floating-point operations of an instruction, and the bytes of every operand it has, once. */
export function instructionCost(program: Program, instruction: Instruction): InstructionCost {
  const op = opsByName.get(instruction.op);
  const specs = (ids: Readonly<Record<string, number>>): Record<string, TensorSpec> =>
    Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, program.buffers[id]!]));
  const [inputs, outputs] = [specs(instruction.inputs), specs(instruction.outputs)];
  const operands = [...Object.values(inputs), ...Object.values(outputs)];
  return {
    flops: op?.flops(inputs, outputs, instruction.attrs) ?? 0,
    bytes:
      op?.bytes?.(inputs, outputs, instruction.attrs) ??
      operands.reduce((sum, { shape, dtype }) => sum + sizeOf(shape) * bytesPerElement[dtype], 0),
  };
}

/** Floating-point operations and bytes of one run of a program. */
export function programCost(program: Program): InstructionCost {
  const costs = program.instructions.map((instruction) => instructionCost(program, instruction));
  return {
    flops: costs.reduce((sum, { flops }) => sum + flops, 0),
    bytes: costs.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** The mean time of the runs of a program, by kind of instruction and by layer. */
export function profileOf({ program, runs, milliseconds, nanoseconds }: ProgramTimes): Profile {
  const entries = program.instructions.map((instruction, i) => ({
    kind: instruction.op,
    layer: instruction.module,
    milliseconds: nanoseconds[i]! / 1e6 / runs,
    ...instructionCost(program, instruction),
  }));
  const inside = entries.reduce((sum, entry) => sum + entry.milliseconds, 0);
  return {
    program: program.name,
    runs,
    milliseconds: milliseconds / runs,
    overheadMilliseconds: milliseconds / runs - inside,
    kinds: sumBy(entries, ({ kind }) => kind),
    layers: sumBy(entries, ({ layer }) => layer),
  };
}

type Timed = InstructionCost & { readonly milliseconds: number };

function sumBy<T extends Timed>(
  entries: readonly T[],
  keyOf: (entry: T) => string,
): readonly ProfileEntry[] {
  const sums = new Map<string, ProfileEntry>();
  for (const entry of entries) {
    const name = keyOf(entry);
    const sum = sums.get(name);
    sums.set(name, {
      name,
      instructions: (sum?.instructions ?? 0) + 1,
      milliseconds: (sum?.milliseconds ?? 0) + entry.milliseconds,
      flops: (sum?.flops ?? 0) + entry.flops,
      bytes: (sum?.bytes ?? 0) + entry.bytes,
    });
  }
  return [...sums.values()].sort((a, b) => b.milliseconds - a.milliseconds);
}

/** The profile as two tables, by kind and by layer, each of which adds up to the run. */
export function formatProfile(profile: Profile): string {
  const { program, runs, milliseconds } = profile;
  const mean = runs === 1 ? "one run" : `mean of ${runs} runs`;
  return [
    `${program}: ${milliseconds.toFixed(2)} ms, ${mean}`,
    ...formatEntries("instruction", profile.kinds, profile),
    "",
    ...formatEntries("layer", profile.layers, profile),
  ].join("\n");
}

function formatEntries(
  title: string,
  entries: readonly ProfileEntry[],
  { milliseconds, overheadMilliseconds }: Profile,
): readonly string[] {
  const share = (part: number): string => `${((100 * part) / milliseconds).toFixed(1)} %`;
  const rate = (amount: number, ms: number): string => (amount / ms / 1e6).toFixed(1);
  const header = [title, "number", "ms", "share", "GFLOP/s", "GB/s"];
  const rows = entries.map((entry) => [
    entry.name || "(no layer)",
    String(entry.instructions),
    entry.milliseconds.toFixed(3),
    share(entry.milliseconds),
    rate(entry.flops, entry.milliseconds),
    rate(entry.bytes, entry.milliseconds),
  ]);
  const overhead = ["(overhead)", "", overheadMilliseconds.toFixed(3), share(overheadMilliseconds)];
  const total = ["sum", "", milliseconds.toFixed(3), share(milliseconds)];
  return formatTable([header, ...rows, overhead, total]);
}
