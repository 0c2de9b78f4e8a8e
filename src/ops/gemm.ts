import type { Values } from "../graph/define-op.js";

type Data = Values["data"];

/** A matrix inside a flat array: where it starts, and how many elements lie between its rows. */
export interface Matrix {
  readonly data: Data;
  readonly at: number;
  readonly stride: number;
}

/** `C[m, n] += A[m, k] · B[k, n]`. */
export function gemm(c: Matrix, a: Matrix, b: Matrix, m: number, n: number, k: number): void {
  for (let i = 0; i < m; i++) {
    const row = c.at + i * c.stride;
    for (let p = 0; p < k; p++)
      addScaled(c.data, row, b.data, b.at + p * b.stride, n, a.data[a.at + i * a.stride + p]!);
  }
}

/** `C[m, n] += A[m, k] · B[n, k]ᵀ`. */
export function gemmTransposedB(
  c: Matrix,
  a: Matrix,
  b: Matrix,
  m: number,
  n: number,
  k: number,
): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      c.data[c.at + i * c.stride + j]! += dot(
        a.data,
        a.at + i * a.stride,
        b.data,
        b.at + j * b.stride,
        k,
      );
    }
  }
}

/** `C[m, n] += A[k, m]ᵀ · B[k, n]`. */
export function gemmTransposedA(
  c: Matrix,
  a: Matrix,
  b: Matrix,
  m: number,
  n: number,
  k: number,
): void {
  for (let p = 0; p < k; p++) {
    for (let i = 0; i < m; i++) {
      addScaled(
        c.data,
        c.at + i * c.stride,
        b.data,
        b.at + p * b.stride,
        n,
        a.data[a.at + p * a.stride + i]!,
      );
    }
  }
}

function addScaled(y: Data, yAt: number, x: Data, xAt: number, n: number, scale: number): void {
  for (let j = 0; j < n; j++) y[yAt + j]! += scale * x[xAt + j]!;
}

function dot(a: Data, aAt: number, b: Data, bAt: number, n: number): number {
  let sum = 0;
  for (let j = 0; j < n; j++) sum += a[aAt + j]! * b[bAt + j]!;
  return sum;
}
