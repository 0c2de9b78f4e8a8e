import type { KernelMaker } from "./all.js";
import { product, type Factor } from "./product.js";

/** A product of two matrices. */
const single = (multiply: string): string => `let left0 = 0u;
  let right0 = 0u;
  ${multiply}`;

/** A matrix of `[rows, columns]`; `contiguous` says whether it is summed over its columns. */
const matrix = (
  factor: Factor["value"],
  contiguous: Factor["contiguous"],
  name: string,
): Factor => ({
  value: factor,
  contiguous,
  stride: `p.${name}`,
});

const linear: KernelMaker = (op) => {
  const [x, bias] = [op.input("x"), op.optionalInput("bias")];
  const [n, into] = x.shape;
  const y = op.output("y");
  const out = y.shape[1]!;
  return [
    product({
      name: op.name,
      left: matrix(x, "depth", "into"),
      right: matrix(op.input("weight"), "other", "out"),
      matrices: 1,
      groups: 1,
      rows: n!,
      columns: out,
      depth: into!,
      pairs: single,
      sizes: { into: into!, out },
      result: y,
      epilogue: {
        reads: { bias },
        finish: (type, suffix) =>
          `fn finish(i: u32, c: u32, v: ${type}) -> ${type} { return v${bias ? ` + bias${suffix}(c)` : ""}; }`,
      },
    }),
  ];
};

const linearInputGrad: KernelMaker = (op) => {
  const [dy, dx] = [op.input("dy"), op.output("dx")];
  const [n, out] = dy.shape;
  return [
    product({
      name: op.name,
      left: matrix(dy, "depth", "out"),
      right: matrix(op.input("weight"), "depth", "out"),
      matrices: 1,
      groups: 1,
      rows: n!,
      columns: dx.shape[1]!,
      depth: out!,
      pairs: single,
      sizes: { out: out! },
      result: dx,
    }),
  ];
};

const linearWeightGrad: KernelMaker = (op) => {
  const [x, dy] = [op.input("x"), op.input("dy")];
  const [n, into] = x.shape;
  const out = dy.shape[1]!;
  return [
    product({
      name: op.name,
      left: matrix(x, "other", "into"),
      right: matrix(dy, "other", "out"),
      matrices: 1,
      groups: 1,
      rows: into!,
      columns: out,
      depth: n!,
      pairs: single,
      sizes: { into: into!, out },
      result: op.output("dweight"),
    }),
  ];
};

/** Linear layers. */
export const linearKernels: Readonly<Record<string, KernelMaker>> = {
  linear,
  linearInputGrad,
  linearWeightGrad,
};
