import { bytesPerElement, sizeOf } from "../../../tensor/shape.js";
import type { Kernel, KernelOperand, Value } from "../kernel.js";

const workgroupSize = 64;

/** Values by the names that WGSL gives them; absent ones are left out. */
export type NamedValues = Readonly<Record<string, Value | undefined>>;

/** A kernel that computes every element of its results by itself. */
export interface Elementwise {
  readonly name: string;
  readonly reads: NamedValues;
  /** Results of one size. */
  readonly writes: NamedValues;
  readonly sizes?: Readonly<Record<string, number>>;
  /** Functions that the body calls. */
  readonly functions?: string;
  /** WGSL that sets `r.name` for each result, from the element's number `i`; f32, i32 or, for bytes, u32. */
  readonly body: string;
}

/**
 * The kernel of an elementwise computation. An invocation computes as many neighbouring elements as fill a word of every
 * result: 1 of f32 or i32, 2 of bf16, 4 bytes. It reads them all before it writes, so results may lie in the place of operands.
 */
export function elementwise({ name, reads, writes, sizes, functions, body }: Elementwise): Kernel {
  const results = present(writes);
  const count = sizeOf(results[0]![1].shape);
  const lanes = Math.max(...results.map(([, { dtype }]) => 4 / bytesPerElement[dtype]));
  const each = Array.from({ length: lanes }, (_, lane) => lane);
  const fields = results.map(([result, { dtype }]) => `${result}: ${resultType(dtype)}`);
  const code = `${functions ?? ""}
struct Results { ${fields.join(", ")} }
fn compute(i: u32) -> Results {
  var r: Results;
  ${body}
  return r;
}
fn run(group: u32, local: u32) {
  let first = (group * ${workgroupSize}u + local) * ${lanes}u;
  if (first >= p.count) { return; }
  ${each.map((lane) => `let r${lane} = compute(min(first + ${lane}u, p.count - 1u));`).join("\n  ")}
  ${results.flatMap(([result, { dtype }]) => stores(result, dtype, lanes)).join("\n  ")}
}`;
  return {
    name,
    operands: operandsOf(reads, writes),
    sizes: { count, ...sizes },
    code,
    workgroups: Math.ceil(count / lanes / workgroupSize),
    workgroupSize,
  };
}

/** The operands of a kernel that accesses single elements. */
export const operandsOf = (reads: NamedValues, writes: NamedValues): KernelOperand[] => [
  ...present(reads).map(([name, value]) => ({ name, value, isWritten: false })),
  ...present(writes).map(([name, value]) => ({ name, value, isWritten: true })),
];

const present = (values: NamedValues): [string, Value][] =>
  Object.entries(values).filter((entry): entry is [string, Value] => entry[1] !== undefined);

const resultType = (dtype: Value["dtype"]): string =>
  dtype === "i32" ? "i32" : dtype === "u8" ? "u32" : "f32";

/** Statements that write the lanes of one result; words beyond its end are left out. */
function stores(result: string, dtype: Value["dtype"], lanes: number): string[] {
  const perWord = 4 / bytesPerElement[dtype];
  return Array.from({ length: lanes / perWord }, (_, word) => {
    const lane = (k: number): string => `r${word * perWord + k}.${result}`;
    const at = word === 0 ? "first" : `first + ${word * perWord}u`;
    const values = Array.from({ length: perWord }, (_, k) => lane(k)).join(", ");
    const store =
      perWord === 1
        ? `set_${result}(${at}, ${values});`
        : perWord === 2
          ? `set_${result}2(${at}, vec2f(${values}));`
          : `set_${result}4(${at}, vec4u(${values}));`;
    return word === 0 ? store : `if (${at} < p.count) { ${store} }`;
  });
}
