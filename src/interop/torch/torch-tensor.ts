import { sizeOf, type Shape } from "../../tensor/shape.js";
import { elementTypes, type ElementType } from "../safetensors-dtypes.js";

/** One allocation of PyTorch: a run of numbers that tensors are views of. */
export interface TorchStorage {
  /** Under what name the file keeps it. */
  readonly key: string;
  /** Type of an element, by its name in safetensors: `F32`. */
  readonly type: string;
  /** Elements before the storage's first in what the file keeps: only older files have views of storages. */
  readonly start: number;
  /** Elements. */
  readonly length: number;
}

/** A tensor in a file of PyTorch's: where its elements lie in a storage. */
export class TorchTensor {
  private constructor(
    readonly storage: TorchStorage,
    /** Element of the storage that is the tensor's first. */
    readonly offset: number,
    readonly shape: Shape,
    /** Elements of the storage between neighbours along each axis. */
    readonly strides: readonly number[],
  ) {}

  /** @throws {Error} if it is no view of its storage */
  static of(storage: TorchStorage, offset: unknown, shape: unknown, strides: unknown): TorchTensor {
    if (!isCount(offset) || !isCounts(shape) || !isCounts(strides)) {
      throw new Error("its offset, shape and strides are no whole numbers");
    }
    if (shape.length !== strides.length || shape.length > 8) {
      throw new Error(`it has ${shape.length} axes and ${strides.length} strides`);
    }
    const tensor = new TorchTensor(storage, offset, shape, strides);
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

  /** What tells it from other tensors of the file. */
  get identity(): string {
    const { key, start } = this.storage;
    return JSON.stringify([key, start + this.offset, this.shape, this.strides]);
  }
}

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

const isCounts = (values: unknown): values is readonly number[] =>
  Array.isArray(values) && values.every(isCount);
