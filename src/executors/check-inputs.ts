import { inputSpecs } from "../program/input-specs.js";
import type { Program } from "../program/program.js";
import { ResnetError } from "../tensor/error.js";
import { checkHostArray, type HostArray } from "../tensor/host-array.js";
import { describeSpec, sameShape } from "../tensor/shape.js";
import type { RunInputs } from "./executor.js";

/**
 * The inputs of a run by name, checked against what its program takes; numbers become arrays. Arrays are not copied.
 *
 * @throws {ResnetError} `ERR_INPUT`
 */
export function checkInputs(program: Program, given: RunInputs): ReadonlyMap<string, HostArray> {
  const specs = inputSpecs(program);
  for (const name of Object.keys(given)) {
    if (!specs.has(name)) {
      const takes = specs.size > 0 ? [...specs.keys()].join(", ") : "no inputs";
      throw new ResnetError(
        "ERR_INPUT",
        `the program ${program.name} takes no input named "${name}": it takes ${takes}`,
      );
    }
  }
  return new Map(
    [...specs].map(([name, spec]) => {
      const value = given[name];
      if (value === undefined)
        throw new ResnetError("ERR_INPUT", `the input "${name}" of ${program.name} is missing`);
      const array = typeof value === "number" ? register(value) : value;
      checkHostArray(`the input "${name}" of ${program.name}`, array, "ERR_INPUT");
      if (!sameShape(array.shape, spec.shape) || array.dtype !== spec.dtype) {
        throw new ResnetError(
          "ERR_INPUT",
          `the input "${name}" of ${program.name} is ${describeSpec(spec)}, not ${describeSpec(array)}`,
        );
      }
      return [name, array];
    }),
  );
}

const register = (value: number): HostArray => ({
  shape: [],
  dtype: "f32",
  data: Float32Array.of(value),
});
