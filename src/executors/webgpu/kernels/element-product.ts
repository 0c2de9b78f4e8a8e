import type { Kernel } from "../kernel.js";
import { elementwise } from "./elementwise.js";
import { withoutEpilogue, type Product } from "./product.js";

/**
 * The kernel of a product that computes each element by itself: of groups with fewer columns than a vector has, such as those of a
 * depthwise convolution, and of bf16 whose odd rows make words that the blocks of `product` would share.
 */
export function elementProduct(spec: Product): Kernel {
  const { left, right, groups, rows, columns, depth, result } = spec;
  const { reads, finish } = spec.epilogue ?? withoutEpilogue;
  const at = (factor: typeof left, begin: string, other: string): string =>
    factor.contiguous === "depth"
      ? `${begin} + ${other} * ${factor.stride} + k`
      : `${begin} + k * ${factor.stride} + ${other}`;
  const multiply = `for (var k = 0u; k < p.depth; k++) {
      sum += left(${at(left, "left0", "row0")}) * ${right.rounds ? "roundBf16" : ""}(right(${at(right, "right0", "column0")}));
    }`;
  return elementwise({
    name: spec.name,
    reads: { left: left.value, right: right.value, ...reads },
    writes: { result },
    sizes: { rows, columns, depth, channels: groups * columns, ...spec.sizes },
    functions: `${spec.functions ?? ""}\n${finish("f32", "")}`,
    body: `
  let channel = i % p.channels;
  let row0 = i / p.channels % p.rows;
  let matrix = i / p.channels / p.rows;
  let g = channel / p.columns;
  let column0 = channel % p.columns;
  var sum = 0.0;
  ${spec.pairs(multiply)}
  r.result = finish(i, channel, sum);`,
  });
}
