import { sizeOf } from "../../../tensor/shape.js";
import type { KernelMaker } from "./all.js";
import { addUp, reduceColumns } from "./reduce-columns.js";

const biasGrad: KernelMaker = (op) => {
  const [dy, dbias] = [op.input("dy"), op.output("dbias")];
  const columns = sizeOf(dbias.shape);
  return reduceColumns(op, {
    name: op.name,
    rows: sizeOf(dy.shape) / columns,
    columns,
    items: { reads: { dy }, values: ["dy(i)"] },
    fold: addUp,
    finish: { reads: {}, writes: { dbias }, body: "set_dbias(c, out0);" },
  });
};

const squaredNorm: KernelMaker = (op) => {
  const [x, addend] = [op.input("x"), op.optionalInput("addend")];
  return reduceColumns(op, {
    name: op.name,
    rows: sizeOf(x.shape),
    columns: 1,
    items: { reads: { x }, values: ["x(i) * x(i)"] },
    fold: addUp,
    finish: {
      reads: { addend },
      writes: { y: op.output("y") },
      body: addend ? "set_y(c, addend(c) + out0);" : "set_y(c, out0);",
    },
  });
};

/** Sums over the rows of matrices. */
export const sumKernels: Readonly<Record<string, KernelMaker>> = { biasGrad, squaredNorm };
