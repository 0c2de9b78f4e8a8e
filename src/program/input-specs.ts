import type { TensorSpec } from "../tensor/shape.js";
import type { Program } from "./program.js";

/** The inputs of a program by name. */
export const inputSpecs = (program: Program): ReadonlyMap<string, TensorSpec> =>
  new Map(
    program.buffers.flatMap((buffer) => (buffer.place === "input" ? [[buffer.name, buffer]] : [])),
  );
