import { ResnetError } from "../../tensor/error.js";
import { allocate, type HostArray } from "../../tensor/host-array.js";
import { describeSpec, sameShape, sizeOf, type TensorSpec } from "../../tensor/shape.js";

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
        `the state "${name}" is ${describeSpec(found)}, not ${describeSpec(spec)}`,
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
