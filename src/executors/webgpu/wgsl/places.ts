import type { Shape } from "../../../tensor/shape.js";

/** A WGSL function from the number of an element, row-major in some shape, to its place in an array with other strides. */
export interface PlaceFunction {
  readonly text: string;
  /** Numbers that the text reads as `p.name`. */
  readonly sizes: Readonly<Record<string, number>>;
}

interface Axis {
  size: number;
  stride: number;
}

/**
 * `fn name(i: u32) -> u32`. Axes that lie one behind the other as they do in row-major order become one, so that the text, and
 * so the pipeline, is the same for many shapes.
 *
 * @param strides of the array along each axis of `shape`, in elements; 0 along repeated axes, and negative ones are allowed
 * @param first the place of element 0
 */
export function placeFunction(
  name: string,
  shape: Shape,
  strides: readonly number[],
  first = 0,
): PlaceFunction {
  const axes: Axis[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const stride = strides[axis]!;
    const outer = axes.at(-1);
    if (outer && outer.stride === stride * size)
      Object.assign(outer, { size: outer.size * size, stride });
    else axes.push({ size, stride });
  });
  const sizes: Record<string, number> = { [`${name}First`]: first };
  const lines = axes.map(({ size, stride }, axis) => {
    sizes[`${name}Stride${axis}`] = stride;
    if (axis === 0) return `at += rest * p.${name}Stride0;`;
    sizes[`${name}Size${axis}`] = size;
    return `at += rest % p.${name}Size${axis} * p.${name}Stride${axis}; rest /= p.${name}Size${axis};`;
  });
  const text = `fn ${name}(i: u32) -> u32 {
  var at = p.${name}First;
  var rest = i;
  ${lines.reverse().join("\n  ")}
  return at;
}`;
  return { text, sizes };
}

/** The texts and sizes of several functions. */
export const together = (functions: readonly PlaceFunction[]): PlaceFunction => ({
  text: functions.map(({ text }) => text).join("\n"),
  sizes: Object.assign({}, ...functions.map(({ sizes }) => sizes)) as Record<string, number>,
});
