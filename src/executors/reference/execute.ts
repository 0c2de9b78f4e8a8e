import type { Values } from "../../graph/define-op.js";
import { opsByName } from "../../ops/registry.js";
import type { Instruction } from "../../program/program.js";
import { decodeBf16, encodeBf16 } from "../../tensor/bf16.js";
import type { HostArray } from "../../tensor/host-array.js";

type Ids = Instruction["inputs"];

/**
 * Carries out one instruction by the reference rule of its op. bf16 operands are float32 while the rule runs; results are
 * rounded once, at its end.
 *
 * @param memory the arrays of the program's buffers; only those of the instruction are needed
 */
export function execute(
  op: string,
  attrs: Instruction["attrs"],
  memory: readonly HostArray[],
  from: Ids,
  to: Ids,
): void {
  const map = (ids: Ids, toValues: (array: HostArray) => Values): Record<string, Values> =>
    Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, toValues(memory[id]!)]));
  const inputs = map(from, widen);
  const results = map(to, ({ shape, dtype, data }) =>
    data instanceof Uint16Array
      ? { shape, dtype, data: new Float32Array(data.length) }
      : { shape, dtype, data },
  );
  opsByName.get(op)!.reference(inputs, results, attrs);
  for (const [name, id] of Object.entries(to)) {
    const { data } = memory[id]!;
    if (data instanceof Uint16Array) encodeBf16(results[name]!.data, data);
  }
}

/** The values of an array as reference rules take them. */
export const widen = (array: HostArray): Values => {
  const { shape, dtype, data } = array;
  return data instanceof Uint16Array
    ? { shape, dtype, data: decodeBf16(data) }
    : { shape, dtype, data };
};
