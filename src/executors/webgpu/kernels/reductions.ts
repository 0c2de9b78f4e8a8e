import { stridesOf } from "../../../ops/broadcast-shapes.js";
import { sizeOf, type Shape } from "../../../tensor/shape.js";
import type { Kernel, Value } from "../kernel.js";
import type { OpReader } from "../op-reader.js";
import { f32 } from "../wgsl/literals.js";
import { placeFunction, together, type PlaceFunction } from "../wgsl/places.js";
import type { KernelMaker } from "./all.js";
import { elementwise, type NamedValues } from "./elementwise.js";
import { addUp, reduceColumns, type ColumnReduction, type Elements } from "./reduce-columns.js";

/** Elements of `shape` as a matrix: its columns are reduced, each over all indices along `axes`. */
function columnsOf(
  shape: Shape,
  axes: readonly number[],
): Elements & { readonly columns: number; readonly rows: number } {
  const strides = stridesOf(shape);
  const along = (isReduced: boolean) => {
    const chosen = shape.map((_, axis) => axis).filter((axis) => axes.includes(axis) === isReduced);
    return {
      shape: chosen.map((axis) => shape[axis]!),
      strides: chosen.map((axis) => strides[axis]!),
    };
  };
  const [kept, reduced] = [along(false), along(true)];
  const { text, sizes } = together([
    placeFunction("columnPlace", kept.shape, kept.strides),
    placeFunction("rowPlace", reduced.shape, reduced.strides),
  ]);
  return {
    columns: sizeOf(kept.shape),
    rows: sizeOf(reduced.shape),
    functions: text,
    sizes,
    place: "columnPlace(c) + rowPlace(row)",
    areRowsNear: axes.includes(shape.length - 1),
  };
}

/** The function `columnOf(i)`: the column, as `columnsOf` counts them, of an element of `shape`. */
function columnFunction(shape: Shape, axes: readonly number[]): PlaceFunction {
  const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const strides = stridesOf(kept).map((stride, axis) => (axes.includes(axis) ? 0 : stride));
  return placeFunction("columnOf", shape, strides);
}

/** Folds to the largest, or the smallest value, or the first NaN. */
const extremum =
  (name: "max" | "min"): ColumnReduction["fold"] =>
  ([value], overItems) => `
  var out0 = ${f32(name === "max" ? -Infinity : Infinity)};
  ${overItems(`out0 = ${name === "max" ? "largerOf" : "smallerOf"}(out0, ${value});`)}`;

/** Kernels that reduce values of the elements of `shape` along `axes` to scratch or, in f32, to `result`. */
function reduceTo(
  op: OpReader,
  {
    shape,
    axes,
    items,
    fold,
    value = "out0",
    result,
    sizes = {},
  }: {
    readonly shape: Shape;
    readonly axes: readonly number[];
    readonly items: ColumnReduction["items"];
    readonly fold: ColumnReduction["fold"];
    /** WGSL of the result, from `out0 …`. Default: `out0`. */
    readonly value?: string;
    readonly result: Value;
    /** Numbers that `value` reads. */
    readonly sizes?: Readonly<Record<string, number>>;
  },
): Kernel[] {
  const { rows, columns, ...elements } = columnsOf(shape, axes);
  return reduceColumns(op, {
    name: op.name,
    rows,
    columns,
    elements,
    items,
    fold,
    finish: { reads: {}, writes: { result }, sizes, body: `set_result(c, ${value});` },
  });
}

const reduce: KernelMaker = (op) => {
  const [x, y] = [op.input("x"), op.output("y")];
  const [name, axes] = [String(op.attr("function")), op.numbers("axes")];
  const isExtremum = name === "max" || name === "min";
  const share = sizeOf(x.shape) / sizeOf(y.shape);
  if (share === 1) return [stored(op, x, y)];
  const result = y.dtype === "f32" ? y : op.scratch(y.shape);
  const kernels = reduceTo(op, {
    shape: x.shape,
    axes,
    items: { reads: { x }, values: ["x(i)"] },
    fold: isExtremum ? extremum(name) : addUp,
    value: name === "mean" ? "out0 / f32(p.share)" : "out0",
    result,
    sizes: { share },
  });
  return result === y ? kernels : [...kernels, stored(op, result, y)];
};

/** Values in the dtype of the result. */
const stored = (op: OpReader, values: Value, y: Value): Kernel =>
  elementwise({
    name: `${op.name} result`,
    reads: { values },
    writes: { y },
    body: "r.y = values(i);",
  });

const reduceGrad: KernelMaker = (op) => {
  const [dy, dx] = [op.input("dy"), op.output("dx")];
  const [x, y] = [op.optionalInput("x"), op.optionalInput("y")];
  const axes = op.numbers("axes");
  const { text, sizes } = columnFunction(dx.shape, axes);
  const isMean = op.attr("function") === "mean";
  const share = isMean ? sizeOf(dx.shape) / sizeOf(dy.shape) : 1;
  if (!x)
    return [
      elementwise({
        name: op.name,
        reads: { dy },
        writes: { dx },
        sizes: { ...sizes, share },
        functions: text,
        body: "r.dx = dy(columnOf(i)) / f32(p.share);",
      }),
    ];
  const counts = op.scratch(y!.shape);
  return [
    ...reduceTo(op, {
      shape: dx.shape,
      axes,
      items: { reads: { x, y }, values: ["select(0.0, 1.0, x(i) == y(c))"] },
      fold: addUp,
      result: counts,
    }),
    elementwise({
      name: op.name,
      reads: { dy, x, y, counts },
      writes: { dx },
      sizes,
      functions: text,
      body: "let c = columnOf(i); r.dx = dy(c) * select(0.0, 1.0, x(i) == y(c)) / counts(c);",
    }),
  ];
};

/** The columns along the axis of a softmax, and their number. */
function linesOf(op: OpReader, { shape }: Value) {
  const axes = [op.number("axis")];
  const lines = sizeOf(shape) / shape[axes[0]!]!;
  return { shape, axes, lines, column: columnFunction(shape, axes) };
}

/**
 * Folds pairs (largest, Σ exp(value − largest)) into one, in two passes: the largest, then the sum. −∞ adds nothing, also
 * beside nothing but −∞.
 */
const mergeExponentials: ColumnReduction["fold"] = ([largest, sum], overItems) => `
  var out0 = ${f32(-Infinity)};
  ${overItems(`out0 = largerOf(out0, ${largest});`)}
  var out1 = 0.0;
  ${overItems(`if (${largest} != ${f32(-Infinity)}) { out1 += ${sum} * expOf(${largest} - out0); }`)}`;

const softmax: KernelMaker = (op) => {
  const [x, y] = [op.input("x"), op.output("y")];
  const { shape, axes, lines, column } = linesOf(op, x);
  const { rows, columns, ...elements } = columnsOf(shape, axes);
  const [largests, sums] = [op.scratch([lines]), op.scratch([lines])];
  const reads: NamedValues = { x, largests, sums };
  return [
    ...reduceColumns(op, {
      name: `${op.name} sums`,
      rows,
      columns,
      elements,
      items: { reads: { x }, values: ["x(i)", "1.0"] },
      fold: mergeExponentials,
      finish: {
        reads: {},
        writes: { largests, sums },
        body: "set_largests(c, out0); set_sums(c, out1);",
      },
    }),
    elementwise({
      name: op.name,
      reads,
      writes: { y },
      sizes: column.sizes,
      functions: column.text,
      body: `
  let c = columnOf(i);
  let apart = x(i) - largests(c);
  r.y = ${op.attr("log") === true ? "apart - logOf(sums(c))" : "expOf(apart) / sums(c)"};`,
    }),
  ];
};

const softmaxGrad: KernelMaker = (op) => {
  const [dy, y, dx] = [op.input("dy"), op.input("y"), op.output("dx")];
  const { shape, axes, lines, column } = linesOf(op, y);
  const isLog = op.attr("log") === true;
  const sums = op.scratch([lines]);
  return [
    ...reduceTo(op, {
      shape,
      axes,
      items: isLog
        ? { reads: { dy }, values: ["dy(i)"] }
        : { reads: { dy, y }, values: ["dy(i) * y(i)"] },
      fold: addUp,
      result: sums,
    }),
    elementwise({
      name: op.name,
      reads: { dy, y, sums },
      writes: { dx },
      sizes: column.sizes,
      functions: column.text,
      body: `
  let sum = sums(columnOf(i));
  r.dx = ${isLog ? "dy(i) - expOf(y(i)) * sum" : "y(i) * (dy(i) - sum)"};`,
    }),
  ];
};

const argmax: KernelMaker = (op) => {
  const [x, y] = [op.input("x"), op.output("y")];
  const { rows, functions, sizes } = columnsOf(x.shape, [op.number("axis")]);
  return [
    elementwise({
      name: op.name,
      reads: { x },
      writes: { y },
      sizes: { ...sizes, rows },
      functions,
      body: `
  let first = columnPlace(i);
  var best = x(first);
  for (var row = 1u; row < p.rows && !isNan(best); row++) {
    let v = x(first + rowPlace(row));
    if (v > best || isNan(v)) { best = v; r.y = i32(row); }
  }`,
    }),
  ];
};

/** Values along axes to one, and what depends on them. */
export const reductionKernels: Readonly<Record<string, KernelMaker>> = {
  reduce,
  reduceGrad,
  softmax,
  softmaxGrad,
  argmax,
};
