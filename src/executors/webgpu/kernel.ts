import type { DType, Shape } from "../../tensor/shape.js";

/** Memory that kernels read and write: a buffer of the program, scratch of one instruction, or a table of constants. */
export interface Value {
  readonly at:
    | { readonly kind: "buffer"; readonly id: number }
    /** Bytes from the start of the program's scratch. */
    | { readonly kind: "scratch"; readonly offset: number }
    | { readonly kind: "table"; readonly values: Float32Array<ArrayBuffer> };
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A value under the name that the WGSL of a kernel gives it. */
export interface KernelOperand {
  readonly name: string;
  readonly value: Value;
  readonly isWritten: boolean;
  /** Elements that one access moves: 4 only where all accesses are at multiples of 4. Default 1. */
  readonly width?: 1 | 4;
}

/**
 * One dispatch, as the maker of an op's kernels describes it.
 *
 * `code` defines `fn run(group: u32, local: u32)`: the workgroup, counted along one dimension, and the invocation in it. It reads
 * operands by the functions of `wgsl/accessors.ts`, and sizes as `p.name`.
 */
export interface Kernel {
  readonly name: string;
  readonly operands: readonly KernelOperand[];
  /** Numbers that depend on shapes, u32 each. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly code: string;
  readonly workgroups: number;
  readonly workgroupSize: number;
}

/** What a device allows one kernel. */
export interface KernelLimits {
  /** Storage buffers that it binds. */
  readonly maxBindings: number;
  /** Bytes of the largest operand. */
  readonly maxBindingBytes: number;
  /** Bytes of the scratch of one instruction. */
  readonly maxBufferBytes: number;
}
