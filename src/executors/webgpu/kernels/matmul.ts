import { broadcastStrides } from "../../../ops/broadcast-shapes.js";
import { sizeOf } from "../../../tensor/shape.js";
import { placeFunction, together } from "../wgsl/places.js";
import type { KernelMaker } from "./all.js";
import { storedProduct } from "./stored-product.js";

const matmul: KernelMaker = (op) => {
  const [a, b, y] = [op.input("a"), op.input("b"), op.output("y")];
  const transposed = op.attr("transposed");
  const batch = y.shape.slice(0, -2);
  const [m, n] = y.shape.slice(-2);
  const depth = a.shape.at(transposed === "a" ? -2 : -1)!;
  const { text, sizes } = together(
    [a, b].map(({ shape }, i) =>
      placeFunction(`place${i}`, batch, broadcastStrides(shape.slice(0, -2), batch)),
    ),
  );
  return [
    storedProduct({
      name: op.name,
      left:
        transposed === "a"
          ? { value: a, contiguous: "other", stride: "p.rows" }
          : { value: a, contiguous: "depth", stride: "p.depth" },
      right:
        transposed === "b"
          ? { value: b, contiguous: "depth", stride: "p.depth" }
          : { value: b, contiguous: "other", stride: "p.columns" },
      matrices: sizeOf(batch),
      groups: 1,
      rows: m!,
      columns: n!,
      depth,
      functions: text,
      pairs: (multiply) => `let left0 = place0(matrix) * p.rows * p.depth;
  let right0 = place1(matrix) * p.columns * p.depth;
  ${multiply}`,
      sizes,
      result: y,
    }),
  ];
};

/** Products of matrices. */
export const matmulKernels: Readonly<Record<string, KernelMaker>> = { matmul };
