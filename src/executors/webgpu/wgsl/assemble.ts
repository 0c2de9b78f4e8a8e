import type { Kernel } from "../kernel.js";
import { accessorsOf, bindingType, type BoundOperand } from "./accessors.js";
import { linked } from "./library.js";
import { u32 } from "./literals.js";

/** How a binding of a kernel is accessed. */
export type Access = "read" | "read_write";

/** A kernel whose operands have bindings: operands in one place share one. */
export interface BoundKernel {
  readonly kernel: Kernel;
  readonly operands: readonly BoundOperand[];
  /** By the number of the binding. */
  readonly accesses: readonly Access[];
}

/** Where the sizes of a kernel come from: constants in its text, or a uniform buffer, so that one pipeline serves many shapes. */
export type ShapeMode = "constants" | "uniforms";

/** The name of the variable behind a binding. */
export const variableOf = (binding: number): string => `b${binding}`;

/** The whole WGSL module of a kernel. */
export function assemble({ kernel, operands, accesses }: BoundKernel, mode: ShapeMode): string {
  const { sizes, code, workgroupSize } = kernel;
  const fields = { ...sizes, workgroups: kernel.workgroups };
  const struct = `struct P { ${Object.keys(fields)
    .map((name) => `${name}: u32`)
    .join(", ")} }`;
  const values =
    mode === "constants"
      ? `const p = P(${Object.values(fields).map(u32).join(", ")});`
      : `@group(0) @binding(${accesses.length}) var<uniform> p: P;`;
  const variables = accesses.map((access, binding) => {
    const { dtype, width } = operands.find(({ variable }) => variable === variableOf(binding))!;
    return `@group(0) @binding(${binding}) var<storage, ${access}> ${variableOf(binding)}: array<${bindingType(dtype, width)}>;`;
  });
  const accessors = operands.map(accessorsOf);
  return [
    struct,
    values,
    ...variables,
    linked([...accessors, code].join("\n")),
    ...accessors,
    code,
    // Large dispatches have two dimensions, because one has at most 65,535 workgroups.
    `@compute @workgroup_size(${workgroupSize})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(local_invocation_index) local: u32) {
  let group = id.y * count.x + id.x;
  if (group < p.workgroups) { run(group, local); }
}`,
  ].join("\n");
}

/** The values of the uniform `p`, in the order of its fields. */
export const uniformsOf = ({ sizes, workgroups }: Kernel): Uint32Array<ArrayBuffer> =>
  Uint32Array.of(...Object.values(sizes), workgroups);
