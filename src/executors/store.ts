import { ResnetError } from "../tensor/error.js";
import { allocate, elementArrays, type HostArray } from "../tensor/host-array.js";
import { formatShape, sameShape, sizeOf, type TensorSpec } from "../tensor/shape.js";
import type { Program } from "../program/program.js";
import type { RunInputs } from "./executor.js";

const describe = ({ dtype, shape }: TensorSpec): string => `${dtype} ${formatShape(shape)}`;

/** The state of the reference executor: arrays by name, made once and never replaced. */
export class StateStore {
  private readonly arrays = new Map<string, HostArray>();

  get(name: string): HostArray {
    const found = this.arrays.get(name);
    if (!found) throw new ResnetError("ERR_STATE", `there is no state named "${name}"`);
    return found;
  }

  /** The state `name`, made zero-filled if there is none. @throws {ResnetError} `ERR_STATE` for another shape or dtype */
  ensure(name: string, spec: TensorSpec): HostArray {
    const found = this.arrays.get(name);
    if (!found) {
      const made = {
        shape: spec.shape,
        dtype: spec.dtype,
        data: allocate(spec.dtype, sizeOf(spec.shape)),
      };
      this.arrays.set(name, made);
      return made;
    }
    if (!sameShape(found.shape, spec.shape) || found.dtype !== spec.dtype) {
      throw new ResnetError(
        "ERR_STATE",
        `the state "${name}" is ${describe(found)}, not ${describe(spec)}`,
      );
    }
    return found;
  }

  specs(): ReadonlyMap<string, TensorSpec> {
    return new Map([...this.arrays].map(([name, { shape, dtype }]) => [name, { shape, dtype }]));
  }

  clear(): void {
    this.arrays.clear();
  }
}

/** The inputs of a program by name. */
export const inputSpecs = (program: Program): ReadonlyMap<string, TensorSpec> =>
  new Map(
    program.buffers.flatMap((buffer) => (buffer.place === "input" ? [[buffer.name, buffer]] : [])),
  );

/**
 * Checks what a run was given against what its program takes, and copies it; numbers become arrays.
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
          `the input "${name}" of ${program.name} is ${describe(spec)}, not ${describe(array)}`,
        );
      }
      return [name, { ...array, data: array.data.slice() } as HostArray];
    }),
  );
}

const register = (value: number): HostArray => ({
  shape: [],
  dtype: "f32",
  data: Float32Array.of(value),
});

/** Refuses what has the type of a host array but not its form. @throws {ResnetError} with `code` */
export function checkHostArray(what: string, value: HostArray, code: string): void {
  const { shape, dtype, data } = (value ?? {}) as Partial<HostArray>;
  const isShape =
    Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!isShape || dtype === undefined || !Object.hasOwn(elementArrays, dtype)) {
    throw new ResnetError(
      code,
      `${what} needs a shape and one of the dtypes ${Object.keys(elementArrays).join(", ")}`,
    );
  }
  if (!(data instanceof elementArrays[dtype]) || data.length !== sizeOf(shape)) {
    const due = `${sizeOf(shape)} elements in a ${elementArrays[dtype].name}`;
    throw new ResnetError(
      code,
      `${what} of shape ${formatShape(shape)} needs ${due}, but has ${data?.length ?? "none"}`,
    );
  }
}
