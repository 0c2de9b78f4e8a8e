import { sizeOf, type Shape } from "../../tensor/shape.js";
import { elementTypes } from "../safetensors-dtypes.js";
import type { StoredArray } from "../stored-array.js";

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

  get elementBytes(): number {
    return elementTypes.get(this.storage.type)!.bytes;
  }

  /** Bytes that its elements take, each counted as often as the tensor shows it. */
  get bytes(): number {
    return sizeOf(this.shape) * this.elementBytes;
  }

  /** The tensor's values. @param bytes the `span` elements in the storage from `offset` */
  decode(bytes: Uint8Array<ArrayBuffer>): StoredArray {
    const type = elementTypes.get(this.storage.type)!;
    const inOrder = this.contiguous ? bytes : this.#gather(bytes, type.bytes);
    const view = new DataView(inOrder.buffer, inOrder.byteOffset, inOrder.byteLength);
    const data = type.read(view, sizeOf(this.shape));
    return { shape: this.shape, dtype: type.dtype, data } as StoredArray;
  }

  #gather(bytes: Uint8Array, elementBytes: number): Uint8Array<ArrayBuffer> {
    const gathered = new Uint8Array(this.bytes);
    const index = this.shape.map(() => 0);
    let from = 0;
    for (let to = 0; to < gathered.length; to += elementBytes) {
      for (let byte = 0; byte < elementBytes; byte++) {
        gathered[to + byte] = bytes[from * elementBytes + byte]!;
      }
      for (let axis = this.shape.length - 1; axis >= 0; axis--) {
        from += this.strides[axis]!;
        if (++index[axis]! < this.shape[axis]!) break;
        from -= this.strides[axis]! * this.shape[axis]!; // this axis begins again
        index[axis] = 0;
      }
    }
    return gathered;
  }
}

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

const isCounts = (values: unknown): values is readonly number[] =>
  Array.isArray(values) && values.every(isCount);
