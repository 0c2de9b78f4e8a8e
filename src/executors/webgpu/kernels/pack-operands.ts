import { sizeOf } from "../../../tensor/shape.js";
import type { Kernel, KernelOperand, Value } from "../kernel.js";
import type { OpReader } from "../op-reader.js";
import { elementwise } from "./elementwise.js";

/**
 * A kernel that needs no more bindings than the device has: where it would, its smallest operands are first copied one behind
 * the other into one. Null if that is not possible.
 *
 * @param placeOf two values of one place share a binding
 */
export function packOperands(
  op: OpReader,
  kernel: Kernel,
  placeOf: (value: Value) => unknown,
): readonly Kernel[] | null {
  const { operands } = kernel;
  const { maxBindings, maxBindingBytes } = op.limits;
  const places = operands.map(({ value }) => placeOf(value));
  const excess = new Set(places).size - maxBindings;
  if (excess <= 0) return [kernel];
  const isAlone = (k: number): boolean =>
    places.indexOf(places[k]) === places.lastIndexOf(places[k]);
  const chosen = operands
    .filter(
      ({ value, width = 1, isWritten }, k) =>
        !isWritten && isAlone(k) && width === 1 && value.dtype !== "i32" && value.dtype !== "u8",
    )
    .sort((a, b) => sizeOf(a.value.shape) - sizeOf(b.value.shape))
    .slice(0, excess + 1);
  const bytes = 4 * chosen.reduce((sum, { value }) => sum + sizeOf(value.shape), 0);
  if (chosen.length <= excess || chosen.length >= maxBindings || bytes > maxBindingBytes)
    return null;
  return packed(op, kernel, chosen);
}

function packed(op: OpReader, kernel: Kernel, chosen: readonly KernelOperand[]): readonly Kernel[] {
  let end = 0;
  const starts: Record<string, number> = {};
  for (const { name, value } of chosen) {
    starts[`${name}Start`] = end;
    end += sizeOf(value.shape);
  }
  const small = op.scratch([end]);
  const copy = elementwise({
    name: `${kernel.name} operands`,
    reads: Object.fromEntries(chosen.map(({ name, value }) => [name, value])),
    writes: { small },
    sizes: starts,
    body: chosen
      .map(({ name }) => `if (i >= p.${name}Start) { r.small = ${name}(i - p.${name}Start); }`)
      // Reads beyond the end of an operand would be of another's memory.
      .reverse()
      .join(" else "),
  });
  const readers = chosen.map(
    ({ name }) => `fn ${name}(i: u32) -> f32 { return small(p.${name}Start + i); }`,
  );
  return [
    copy,
    {
      ...kernel,
      operands: [
        ...kernel.operands.filter((operand) => !chosen.includes(operand)),
        { name: "small", value: small, isWritten: false },
      ],
      sizes: { ...kernel.sizes, ...starts },
      code: `${readers.join("\n")}\n${kernel.code}`,
    },
  ];
}
