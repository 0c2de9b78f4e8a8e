import { sizeOf, type Shape } from "../../tensor/shape.js";
import { PickleObject } from "../../pickle/pickle-globals.js";
import { elementTypes, type ElementType } from "../safetensors-dtypes.js";

const maxAxes = 8;

/** One allocation of PyTorch: a run of numbers that tensors show parts of. */
export interface TorchStorage {
  /** Its name in the file. */
  readonly key: string;
  /** Type of an element, by its name in safetensors: `F32`. */
  readonly type: string;
  /** Elements of the file's storage before the first one: only older files have views of storages. */
  readonly start: number;
  /** Elements. */
  readonly length: number;
}

/** A tensor in a PyTorch file: where its elements lie in a storage. */
export class TorchTensor extends PickleObject {
  private constructor(
    readonly storage: TorchStorage,
    /** Element of the storage that is the tensor's first. */
    readonly offset: number,
    readonly shape: Shape,
    /** Elements of the storage between neighbours along each axis. */
    readonly strides: readonly number[],
  ) {
    super();
  }

  /** Old files give a parameter its gradient and hooks as a state, which is dropped. */
  setState(): void {}

  /** @throws {Error} if it does not lie within its storage */
  static of(storage: TorchStorage, offset: unknown, shape: unknown, strides: unknown): TorchTensor {
    if (!Array.isArray(shape) || !Array.isArray(strides)) {
      throw new Error("its shape and strides are not tuples");
    }
    // Before any look at the sizes: a list of a million may be the shape of many tensors.
    if (shape.length !== strides.length || shape.length > maxAxes) {
      throw new Error(
        `it has ${shape.length} axes and ${strides.length} strides; the limit is ${maxAxes}`,
      );
    }
    if (!isCount(offset) || !isCounts(shape) || !isCounts(strides)) {
      throw new Error("its offset, shape and strides are not whole numbers");
    }
    const tensor = new TorchTensor(storage, offset, [...shape], [...strides]);
    if (offset + tensor.span > storage.length) {
      const end = `it ends at element ${offset + tensor.span}`;
      throw new Error(`${end} of a storage that has ${storage.length}`);
    }
    return tensor;
  }

  /** Elements from the first to the last in the storage, both included. */
  get span(): number {
    if (this.shape.includes(0)) return 0;
    return this.shape.reduce((last, size, axis) => last + (size - 1) * this.strides[axis]!, 1);
  }

  /** Whether its elements lie in the storage in order, without gaps. */
  get contiguous(): boolean {
    let expected = 1;
    for (let axis = this.shape.length - 1; axis >= 0; axis--) {
      if (this.shape[axis] !== 1 && this.strides[axis] !== expected) return false;
      expected *= this.shape[axis]!;
    }
    return true;
  }

  /** Type of an element in the file. */
  get type(): ElementType {
    return elementTypes.get(this.storage.type)!;
  }

  /** Bytes of its values on the host, each counted as often as the tensor shows it. */
  get hostBytes(): number {
    return sizeOf(this.shape) * this.type.hostBytes;
  }

  /** Equal for the same elements in the same order, different for any other tensor of the file. */
  get identity(): string {
    const { key, start } = this.storage;
    return JSON.stringify([key, start + this.offset, this.shape, this.strides]);
  }
}

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

const isCounts = (values: unknown): values is readonly number[] =>
  Array.isArray(values) && values.every(isCount);
