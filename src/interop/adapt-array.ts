import { hostArray, type HostArray } from "../tensor/host-array.js";
import { formatShape, sizeOf, type Shape } from "../tensor/shape.js";
import type { StoredArray } from "./stored-array.js";

export interface Adapted {
  readonly array: StoredArray | undefined;
  /** What was done, if anything was. */
  readonly notice?: string;
}

/**
 * An array of a file as the model takes it, where there is one way to make it so:
 *
 * - The first convolution of a network for 3 channels is summed for 1 channel, and that for 1 or 3 channels is repeated for
 *   other numbers and scaled, so that grey images give the same in colour. Source: timm's `adapt_input_conv`.
 * - A head of one output, whose sigmoid is the probability of the second class, becomes one of two: with logits 0 and z,
 *   softmax gives 1 − σ(z) and σ(z).
 *
 * @param shape the model's
 * @param model.expected all shapes of the model, of which the first with four axes is that of its first convolution
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

/** Whether two shapes are equal but for one axis. */
const sameBut = (axis: number, a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((size, i) => i === axis || size === b[i]);
