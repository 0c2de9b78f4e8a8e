import type { BufferSpec, Instruction } from "../../program/program.js";
import type { AttrValue } from "../../tensor/attrs.js";
import { bytesPerElement, sizeOf, type DType, type Shape } from "../../tensor/shape.js";
import type { KernelLimits, Value } from "./kernel.js";

/** Bytes to a multiple of which scratch is cut, which every adapter can bind. */
const alignment = 256;

/** Reads the operands and attributes of an instruction, which matches the declaration of its op. */
export class OpReader {
  /** Bytes of scratch that the kernels need. */
  scratchBytes = 0;

  constructor(
    private readonly instruction: Instruction,
    private readonly buffers: readonly BufferSpec[],
    readonly limits: KernelLimits,
  ) {}

  get name(): string {
    return this.instruction.op;
  }

  /** The operand, which the op must have. */
  input(name: string): Value {
    return this.value(this.instruction.inputs[name]!);
  }

  optionalInput(name: string): Value | undefined {
    const id = this.instruction.inputs[name];
    return id === undefined ? undefined : this.value(id);
  }

  /** The operands `name0`, `name1` … as far as they are there. */
  listed(name: string): Value[] {
    const operands: Value[] = [];
    for (;;) {
      const operand = this.optionalInput(`${name}${operands.length}`);
      if (!operand) return operands;
      operands.push(operand);
    }
  }

  output(name: string): Value {
    return this.value(this.instruction.outputs[name]!);
  }

  optionalOutput(name: string): Value | undefined {
    const id = this.instruction.outputs[name];
    return id === undefined ? undefined : this.value(id);
  }

  number(attr: string): number {
    return Number(this.instruction.attrs[attr]);
  }

  attr(name: string): AttrValue | undefined {
    return this.instruction.attrs[name];
  }

  numbers(attr: string): readonly number[] {
    return this.instruction.attrs[attr] as readonly number[];
  }

  /** Memory that only the kernels of this instruction use. */
  scratch(shape: Shape, dtype: DType = "f32"): Value {
    const offset = this.scratchBytes;
    const bytes = sizeOf(shape) * bytesPerElement[dtype];
    this.scratchBytes += Math.ceil(bytes / alignment) * alignment;
    return { at: { kind: "scratch", offset }, shape, dtype };
  }

  /** Constants that are too many for the text of a kernel. */
  table(values: readonly number[]): Value {
    return {
      at: { kind: "table", values: Float32Array.from(values) },
      shape: [values.length],
      dtype: "f32",
    };
  }

  private value(id: number): Value {
    const { shape, dtype } = this.buffers[id]!;
    return { at: { kind: "buffer", id }, shape, dtype };
  }
}
