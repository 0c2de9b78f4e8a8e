import { hostArray, type HostArray } from "../tensor/host-array.js";
import { formatShape, sizeOf, type Shape } from "../tensor/shape.js";
import type { StoredArray } from "./stored-array.js";

export interface Adapted {
  readonly array: StoredArray | undefined;
  /** A sentence about the change, if there was one. */
  readonly notice?: string;
}

/**
 * Adapts an array of a file to the model's shape in the two cases that have one sensible solution:
 *
 * - The first convolution for 3 channels is summed to 1 channel; one for 1 or 3 channels is repeated for other
 * numbers and scaled, so that grey images in colour give the same result. Source: timm's `adapt_input_conv`.
 * - A head with one output, whose sigmoid is the probability of the second class, gets a second output: for logits 0
 * and z, softmax gives 1 − σ(z) and σ(z).
 *
 * @param shape the model's shape
 * @param model.expected all shapes of the model; the first with four axes is its first convolution
 * @param model.head path of its last linear layer
 */
export function adaptArray(
  name: string,
  array: StoredArray | undefined,
  shape: Shape,
  model: { readonly expected: ReadonlyMap<string, Shape>; readonly head?: string | undefined },
): Adapted {
  if (array?.dtype !== "f32") return { array };
  const [first] = [...model.expected].find(([, each]) => each.length === 4) ?? [];
  if (name === first) return withChannels(name, array as HostArray<"f32">, shape);
  const isHead = name === `${model.head}.weight` || name === `${model.head}.bias`;
  if (isHead && array.shape[0] === 1 && shape[0] === 2 && sameBut(0, array.shape, shape)) {
    const data = new Float32Array(sizeOf(shape));
    data.set(array.data as Float32Array, sizeOf(array.shape));
    const notice = `${model.head} has one output: its sigmoid is taken for the probability of the second of two classes`;
    return { array: hostArray(shape, data), ...(name.endsWith("weight") && { notice }) };
  }
  return { array };
}

function withChannels(name: string, array: HostArray<"f32">, shape: Shape): Adapted {
  const [filters, from] = array.shape as [number, number];
  const to = shape[1]!;
  if (from === to || (from !== 1 && from !== 3) || !sameBut(1, array.shape, shape))
    return { array };
  const taps = shape[2]! * shape[3]!;
  const data = new Float32Array(sizeOf(shape));
  const isSum = to === 1;
  for (let filter = 0; filter < filters; filter++) {
    for (let c = 0; c < Math.max(from, to); c++) {
      for (let tap = 0; tap < taps; tap++) {
        const value = array.data[(filter * from + (c % from)) * taps + tap]!;
        const at = (filter * to + (isSum ? 0 : c)) * taps + tap;
        data[at]! += isSum ? value : (value * from) / to;
      }
    }
  }
  const how = isSum ? "summed" : `repeated, times ${from}/${to}`;
  const notice = `${name} ${formatShape(array.shape)} is for ${from} channels and the model for ${to}: its channels are ${how}`;
  return { array: hostArray(shape, data), notice };
}

/** Whether two shapes are equal except along one axis. */
const sameBut = (axis: number, a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((size, i) => i === axis || size === b[i]);
