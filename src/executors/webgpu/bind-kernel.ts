import type { Region } from "./gpu-memory.js";
import type { Kernel, Value } from "./kernel.js";
import { variableOf, type Access, type BoundKernel } from "./wgsl/assemble.js";
import type { BoundOperand } from "./wgsl/accessors.js";

/** A kernel with the memory of its bindings. */
export interface PlacedKernel extends BoundKernel {
  readonly regions: readonly Region[];
}

/**
 * Gives the operands of a kernel their bindings.
 *
 * WebGPU tracks the use of whole buffers: next to a part that is written, no other part of the same buffer may be bound as
 * `read`, and parts that are bound as `read_write` must not overlap. So everything in a buffer of which something is written is
 * `read_write`, and operands in one place are one binding.
 */
export function bindKernel(kernel: Kernel, regionOf: (value: Value) => Region): PlacedKernel {
  const all = kernel.operands.map((operand) => ({ operand, region: regionOf(operand.value) }));
  const written = new Set(
    all.filter(({ operand }) => operand.isWritten).map(({ region }) => region.buffer),
  );
  const regions: Region[] = [];
  const accesses: Access[] = [];
  const operands = all.map(({ operand, region }): BoundOperand => {
    const access: Access = written.has(region.buffer) ? "read_write" : "read";
    const shared = regions.findIndex(
      ({ buffer, offset }) => buffer === region.buffer && offset === region.offset,
    );
    const binding = shared >= 0 ? shared : regions.push(region) - 1;
    accesses[binding] = access;
    const { name, value, isWritten, width = 1 } = operand;
    return { name, variable: variableOf(binding), dtype: value.dtype, width, isWritten };
  });
  return { kernel, operands, accesses, regions };
}
