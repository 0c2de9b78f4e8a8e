import { PickleObject } from "../../pickle/pickle-globals.js";
import { type Shape, sizeOf } from "../../tensor/shape.js";
import {
  type ElementType,
  type ReadBytes,
  elementPieces,
  elementTypes,
} from "../safetensors-dtypes.js";
import type { StoredArray } from "../stored-array.js";

const maxAxes = 8;

/** One allocation of PyTorch, of which tensors are views. */
export interface TorchStorage {
  /** Its name in the file. */
  readonly key: string;
  /** Type of an element, by its name in safetensors: `F32`. */
  readonly type: string;
  /** Index of the first element in the file's storage: only older files have views of storages. */
  readonly start: number;
  /** Elements. */
  readonly length: number;
}

/** A tensor in a PyTorch file: a view of a storage. */
export class TorchTensor extends PickleObject {
  private constructor(
    readonly storage: TorchStorage,
    /** Index of the tensor's first element in the storage. */
    readonly offset: number,
    readonly shape: Shape,
    /** Elements of the storage between neighbours along each axis. */
    readonly strides: readonly number[],
  ) {
    super();
  }

  /** Old files store the gradient and hooks of a parameter as a state, which is dropped. */
  setState(): void {}

  /** @throws {Error} if it does not lie within its storage */
  static of(storage: TorchStorage, offset: unknown, shape: unknown, strides: unknown): TorchTensor {
    if (!Array.isArray(shape) || !Array.isArray(strides)) {
      throw new Error("its shape and strides are not tuples");
    }
    // Checked before the sizes: a list of a million entries may be the shape of many tensors.
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

  /** Bytes of its values on the host; repeated elements count each time. */
  get hostBytes(): number {
    return sizeOf(this.shape) * this.type.hostBytes;
  }

  /** A text that is equal for tensors with the same elements in the same order, and different otherwise. */
  get identity(): string {
    const { key, start } = this.storage;
    return JSON.stringify([key, start + this.offset, this.shape, this.strides]);
  }
}

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

const isCounts = (values: unknown): values is readonly number[] =>
  Array.isArray(values) && values.every(isCount);

/** An opened file of `torch.save`, before any storage is read. */
export interface TorchFile {
  /** The object that was saved; its tensors are `TorchTensor`s. */
  readonly value: unknown;
  /** The byte of the file where each storage begins, by key. */
  readonly starts: ReadonlyMap<string, number>;
  /** Classes whose objects were skipped. */
  readonly skipped: ReadonlySet<string>;
}

/** An axis of a tensor: the layout of its elements in the storage and in the result. */
interface Axis {
  readonly size: number;
  /** Elements of the storage between neighbours. */
  readonly stride: number;
  /** Elements of the result between neighbours. */
  readonly step: number;
  /** Distance from the first to the last element along the inner axes, in the storage. */
  readonly reach: number;
}

/**
 * Reads the elements of a tensor that is not contiguous in its storage, such as channels last.
 *
 * The storage is read once, from the tensor's first element to its last, in pieces of bounded size, and each piece
 * is distributed over the result. So nothing as large as the tensor is in memory beside it.
 *
 * @param readBytes reads bytes, counted from the tensor's first
 */
export async function gather(
  { shape, strides, span, type }: TorchTensor,
  readBytes: ReadBytes,
): Promise<StoredArray["data"]> {
  const axes = axesOf(shape, strides);
  const data = type.allocate(sizeOf(shape));
  for await (const { at, values } of elementPieces(type, span, readBytes)) {
    const end = at + values.length;
    /** Copies the elements of this piece, along an axis and the inner ones. */
    const place = (depth: number, position: number, target: number): void => {
      const { size, stride, step, reach } = axes[depth]!;
      const first = stride === 0 ? 0 : Math.max(0, Math.ceil((at - reach - position) / stride));
      const last = stride === 0 ? size : Math.min(size, Math.ceil((end - position) / stride));
      const isInnermost = depth + 1 === axes.length;
      for (let i = first; i < last; i++) {
        const from = position + i * stride;
        const to = target + i * step;
        if (isInnermost) data[to] = values[from - at]!;
        else place(depth + 1, from, to);
      }
    };
    place(0, 0, 0);
  }
  return data;
}

/**
 * Sorts axes from the largest stride to the smallest, so that a piece of the storage covers few ranges of the outer
 * axes.
 */
function axesOf(shape: readonly number[], strides: readonly number[]): readonly Axis[] {
  const axes = shape.map((size, axis) => ({
    size,
    stride: strides[axis]!,
    step: sizeOf(shape.slice(axis + 1)),
  }));
  axes.sort((a, b) => b.stride - a.stride);
  return axes.map((axis, depth) => {
    const within = axes.slice(depth + 1);
    return {
      ...axis,
      reach: within.reduce((sum, { size, stride }) => sum + (size - 1) * stride, 0),
    };
  });
}
