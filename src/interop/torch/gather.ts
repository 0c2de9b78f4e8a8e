import { sizeOf } from "../../tensor/shape.js";
import { elementPieces, type ReadBytes } from "../safetensors-dtypes.js";
import type { StoredArray } from "../stored-array.js";
import type { TorchTensor } from "./torch-tensor.js";

/** An axis of a tensor, where its elements lie in the storage and where they go. */
interface Axis {
  readonly size: number;
  /** Elements of the storage between neighbours. */
  readonly stride: number;
  /** Elements of the result between neighbours. */
  readonly step: number;
  /** Elements of the storage from the first to the last along the axes within this one. */
  readonly reach: number;
}

/**
 * Puts in order the elements of a tensor that lie in the storage in any other way, such as channels last.
 *
 * What lies in the storage is read once, from its first element to its last, in pieces of bounded size; each piece goes
 * to its places in the result. So nothing as large as the tensor is in memory beside it.
 *
 * @param readBytes gives so many bytes, from so many behind the tensor's first on
 */
export async function gather(
  { shape, strides, span, type }: TorchTensor,
  readBytes: ReadBytes,
): Promise<StoredArray["data"]> {
  const axes = axesOf(shape, strides);
  const data = type.allocate(sizeOf(shape));
  for await (const { at, values } of elementPieces(type, span, readBytes)) {
    const end = at + values.length;
    /** Visits the elements along an axis, and those within it, that this piece has. */
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

/** From the largest stride to the smallest, so that a piece of the storage is few ranges of the outer axes. */
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
