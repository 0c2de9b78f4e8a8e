import type { Kernel, KernelOperand, Value } from "../kernel.js";
import { operandsOf, type NamedValues } from "./elementwise.js";

/** Which axis of a factor is contiguous: the one that is summed over, or the other. */
export type Contiguous = "depth" | "other";

/** A factor of a product. */
export interface Factor {
  readonly value: Value;
  readonly contiguous: Contiguous;
  /** WGSL of the elements from one index of the axis that is not contiguous to the next. */
  readonly stride: string;
  /** Whether its elements are rounded to bf16, as the other factor is. Only of `right`. */
  readonly rounds?: boolean;
}

/**
 * A batch-reduce product: for each of `matrices` results and each group of channels, `Σ left · right` over a list of pairs of
 * matrices, where `left` is rows × depth and `right` depth × columns.
 *
 * Source: Georganas et al. 2019, arXiv:1906.06440.
 */
export interface Product {
  readonly name: string;
  readonly left: Factor;
  readonly right: Factor;
  readonly matrices: number;
  readonly groups: number;
  readonly rows: number;
  /** The sizes of one group. */
  readonly columns: number;
  readonly depth: number;
  /**
   * WGSL that runs `multiply` for every pair, with the elements at which its matrices begin as `left0` and `right0`. It knows
   * `matrix`, the number of the result, and `g`, that of the group.
   */
  readonly pairs: (multiply: string) => string;
  /** Functions that `pairs` calls. */
  readonly functions?: string;
  readonly sizes: Readonly<Record<string, number>>;
  readonly result: Value;
  /** Computed on each sum before it is stored. */
  readonly epilogue?: Epilogue;
}

export interface Epilogue {
  readonly reads: NamedValues;
  /** The function `finish(i: u32, c: u32, v: type) -> type` of element i in channel c; `suffix` is that of accessors. */
  readonly finish: (type: "f32" | "vec4f", suffix: "" | "4") => string;
}

export const withoutEpilogue: Epilogue = {
  reads: {},
  finish: (type) => `fn finish(i: u32, c: u32, v: ${type}) -> ${type} { return v; }`,
};

/** Invocations of a workgroup. */
const workgroupSize = 64;

/** Columns that an invocation computes, which fill a vector. */
export const quad = 4;

/**
 * The kernel of a product in blocks: an invocation computes up to 4 × 4 elements of a result in registers and reads the factors straight
 * from memory, four elements at a time where channels allow. There are no barriers, so each invocation skips pairs by itself.
 */
export function product(spec: Product): Kernel {
  const { left, right, matrices, groups, rows, columns, depth, result } = spec;
  const epilogue = spec.epilogue ?? withoutEpilogue;
  const blocksPerMatrix = Math.ceil(rows / quad);
  const blockRows = Math.ceil(rows / blocksPerMatrix);
  const widths = {
    left: isWide(left, depth, rows) && (left.contiguous === "depth" || blockRows === quad) ? 4 : 1,
    right: isWide(right, depth, columns) ? 4 : 1,
    result: columns % 4 === 0 ? 4 : 1,
  } as const;
  const quadsPerGroup = Math.ceil(columns / quad);
  const quads = groups * quadsPerGroup;
  const blocks = matrices * blocksPerMatrix;
  const across = Math.min(8, 2 ** Math.ceil(Math.log2(quads)));
  const columnTiles = Math.ceil(quads / across);
  const operand = (name: string, value: Value, width: 1 | 4): KernelOperand => ({
    name,
    value,
    width,
    isWritten: name === "result",
  });
  return {
    name: spec.name,
    operands: [
      operand("left", left.value, widths.left),
      operand("right", right.value, widths.right),
      operand("result", result, widths.result),
      ...operandsOf(epilogue.reads, {}).map((each) => ({ ...each, width: widths.result })),
    ],
    sizes: {
      rows,
      columns,
      depth,
      channels: groups * columns,
      quads,
      quadsPerGroup,
      blocks,
      blocksPerMatrix,
      columnTiles,
      ...spec.sizes,
    },
    code: `${spec.functions ?? ""}
${epilogue.finish(widths.result === 4 ? "vec4f" : "f32", widths.result === 4 ? "4" : "")}
fn run(group: u32, local: u32) {
  let quad = group % p.columnTiles * ${across}u + local % ${across}u;
  let block = group / p.columnTiles * ${workgroupSize / across}u + local / ${across}u;
  if (quad >= p.quads || block >= p.blocks) { return; }
  let g = quad / p.quadsPerGroup;
  let column0 = quad % p.quadsPerGroup * ${quad}u;
  let matrix = block / p.blocksPerMatrix;
  let row0 = block % p.blocksPerMatrix * ${blockRows}u;
  ${clamped("row", blockRows, "rows")}
  ${clamped("column", quad, "columns")}
  ${list(blockRows, (r) => `var sum${r} = vec4f();`)}
  ${spec.pairs(multiply(left, right, widths, blockRows))}
  ${list(blockRows, (r) => storeRow(r, result, widths.result))}
}`,
    workgroups: columnTiles * Math.ceil(blocks / (workgroupSize / across)),
    workgroupSize,
  };
}

/** Whether all accesses along the contiguous axis can be of four elements. */
const isWide = ({ contiguous }: Factor, depth: number, other: number): boolean =>
  (contiguous === "depth" ? depth : other) % 4 === 0;

const list = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join("\n  ");

/** Indices of neighbours; those outside are the last one inside, whose sums are not stored. */
const clamped = (name: string, count: number, size: string): string =>
  list(count - 1, (i) => `let ${name}${i + 1} = min(${name}0 + ${i + 1}u, p.${size} - 1u);`);

/** WGSL that adds the product of one pair to the sums. */
function multiply(
  left: Factor,
  right: Factor,
  widths: { readonly left: 1 | 4; readonly right: 1 | 4 },
  rows: number,
): string {
  const step = left.contiguous === "depth" && widths.left === 4 ? 4 : 1;
  const add =
    step === 1
      ? list(rows, (r) => `sum${r} += a${r} * b0;`)
      : right.contiguous === "depth"
        ? list(
            rows,
            (r) =>
              `sum${r} += vec4f(dot(a${r}, b0), dot(a${r}, b1), dot(a${r}, b2), dot(a${r}, b3));`,
          )
        : list(
            rows,
            (r) => `sum${r} += a${r}.x * b0 + a${r}.y * b1 + a${r}.z * b2 + a${r}.w * b3;`,
          );
  return `for (var k = 0u; k < p.depth; k += ${step}u) {
    ${readLeft(left, widths.left, rows)}
    ${readRight(right, widths.right, step)}
    ${add}
  }`;
}

/** The elements of `rows` rows at depth `k`, or at four depths. */
function readLeft({ contiguous, stride }: Factor, width: 1 | 4, rows: number): string {
  const suffix = width === 4 ? "4" : "";
  if (contiguous === "depth")
    return list(rows, (r) => `let a${r} = left${suffix}(left0 + row${r} * ${stride} + k);`);
  if (width === 1) return list(rows, (r) => `let a${r} = left(left0 + k * ${stride} + row${r});`);
  return `let a = left4(left0 + k * ${stride} + row0);
    ${list(rows, (r) => `let a${r} = a[${r}];`)}`;
}

/** Four columns at depth `k` as `b0`; or at four depths: as `b0` to `b3`, by column if the depth is contiguous, else by depth. */
function readRight(
  { contiguous, stride, rounds = false }: Factor,
  width: 1 | 4,
  step: 1 | 4,
): string {
  const read = (name: string, value: string): string =>
    `let ${name} = ${rounds ? `round4(${value})` : value};`;
  const four = (at: (j: number) => string): string =>
    `vec4f(${[0, 1, 2, 3].map((j) => `right(${at(j)})`).join(", ")})`;
  if (contiguous === "depth") {
    const at = (j: number): string => `right0 + column${j} * ${stride} + k`;
    if (step === 4) return list(quad, (j) => read(`b${j}`, `right4(${at(j)})`));
    return read("b0", four(at));
  }
  const at = (k: number): string => `right0 + (k + ${k}u) * ${stride}`;
  return list(step, (k) =>
    read(
      `b${k}`,
      width === 4 ? `right4(${at(k)} + column0)` : four((j) => `${at(k)} + column${j}`),
    ),
  );
}

/** Finishes and stores four columns of a row, as far as they exist. */
function storeRow(r: number, { dtype }: Value, width: 1 | 4): string {
  const at = `(matrix * p.rows + row0 + ${r}u) * p.channels + channel`;
  const isInside = (j: number): string => `column0 + ${j}u < p.columns`;
  const value = (j: number): string => `finish(i + ${j}u, channel + ${j}u, sum${r}[${j}])`;
  const stores =
    width === 4
      ? `set_result4(i, finish(i, channel, sum${r}));`
      : dtype === "bf16"
        ? [0, 2]
            .map(
              (j) =>
                `if (${isInside(j)}) { set_result2(i + ${j}u, vec2f(${value(j)}, ${value(j + 1)})); }`,
            )
            .join(" ")
        : [0, 1, 2, 3]
            .map((j) => `if (${isInside(j)}) { set_result(i + ${j}u, ${value(j)}); }`)
            .join(" ");
  return `if (row0 + ${r}u < p.rows) { let channel = g * p.columns + column0; let i = ${at}; ${stores} }`;
}
