import { choice } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { ShapeError, sizeOf, type Shape } from "../tensor/shape.js";
import { broadcastShapes, broadcastStrides, walk } from "./broadcast-shapes.js";
import { gemm, gemmTransposedA, gemmTransposedB } from "./gemm.js";
import { sumTo } from "./reduce.js";
import { checkDType } from "./stored.js";

type Transposed = "none" | "a" | "b";

/** The sizes of one product `[M, K] · [K, N]`, and the batches. */
interface Sizes {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly batch: Shape;
}

/**
 * Matrix products: of the last two axes of a and b, with the axes before them broadcast. `transposed` says whose matrices lie transposed.
 *
 *     a [..., M, K]   b [..., K, N]   y [..., M, N]
 */
export const matmulOp = defineOp({
  name: "matmul",
  role: "forward",
  meaning:
    "`y [..., M, N] = a [..., M, K] · b [..., K, N]`; the first axes broadcast, and the matrices of the operand `transposed` lie transposed",
  inputs: {
    a: "float [*]",
    b: "float [*]",
  },
  outputs: {
    y: "float [*]",
  },
  attrs: { transposed: choice("none", "a", "b") },
  shape({ a, b }, { transposed }) {
    checkDType("matmul", ["a", a], ["b", b]);
    const { m, n, batch } = sizesOf(a.shape, b.shape, transposed);
    return { y: { shape: [...batch, m, n], dtype: a.dtype } };
  },
  gradient({ a, b, dy, attrs: { transposed } }) {
    const [da, db] = {
      none: () => [matmul(dy, b, "b"), matmul(a, dy, "a")] as const,
      a: () => [matmul(b, dy, "b"), matmul(a, dy, "none")] as const,
      b: () => [matmul(dy, b, "none"), matmul(dy, a, "a")] as const,
    }[transposed]();
    return { a: sumTo(da, a.shape), b: sumTo(db, b.shape) };
  },
  flops({ a }, { y }, { transposed }) {
    const k = a.shape.at(transposed === "a" ? -2 : -1)!;
    return 2 * k * sizeOf(y.shape);
  },
  reference({ a, b }, { y }, { transposed }) {
    const { m, k, n, batch } = sizesOf(a.shape, b.shape, transposed);
    const product = { none: gemm, a: gemmTransposedA, b: gemmTransposedB }[transposed];
    const strides = [a, b].map(({ shape }) => broadcastStrides(shape.slice(0, -2), batch));
    walk(batch, strides, (i, [atA, atB]) => {
      const sums = new Float64Array(m * n);
      product(
        { data: sums, at: 0, stride: n },
        { data: a.data, at: atA! * m * k, stride: transposed === "a" ? m : k },
        { data: b.data, at: atB! * k * n, stride: transposed === "b" ? k : n },
        m,
        n,
        k,
      );
      y.data.set(sums, i * m * n);
    });
  },
});

/** @throws {ShapeError} if the operands do not fit together */
function sizesOf(a: Shape, b: Shape, transposed: Transposed): Sizes {
  const [rowsA = 0, columnsA = 0] = a.slice(-2);
  const [rowsB = 0, columnsB = 0] = b.slice(-2);
  const [m, k] = transposed === "a" ? [columnsA, rowsA] : [rowsA, columnsA];
  const [depth, n] = transposed === "b" ? [columnsB, rowsB] : [rowsB, columnsB];
  if (a.length < 2 || b.length < 2 || k !== depth) {
    const found =
      a.length < 2 || b.length < 2
        ? "a and b need two axes or more"
        : `the matrices of a have ${k} columns, but those of b ${depth} rows`;
    throw new ShapeError("matmul", found, {
      a: { shape: a, axes: transposed === "a" ? "K M" : "M K" },
      b: { shape: b, axes: transposed === "b" ? "N K" : "K N" },
    });
  }
  const batch = broadcastShapes("matmul", { a: a.slice(0, -2), b: b.slice(0, -2) });
  return { m, k, n, batch };
}

/** Traces matrix products of the last two axes of memory. */
export const matmul = (a: Tensor, b: Tensor, transposed: Transposed = "none"): Tensor =>
  matmulOp.trace({ a, b }, { transposed }).y;
