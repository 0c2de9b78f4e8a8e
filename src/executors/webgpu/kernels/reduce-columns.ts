import type { Kernel, Value } from "../kernel.js";
import type { OpReader } from "../op-reader.js";
import { operandsOf, type NamedValues } from "./elementwise.js";

const workgroupSize = 64;

/** Rows that an invocation folds. Short chains keep the rounding of sums small. */
const rowsPerInvocation = 32;

/** The items that are summed, one for each row and column of a matrix. */
export interface Items {
  readonly reads: NamedValues;
  readonly functions?: string;
  /** WGSL that runs for each item, before its values are used; `i` is the number of the element, `c` its column. */
  readonly prelude?: string;
  /** The item's values as WGSL. */
  readonly values: readonly string[];
}

/** Where the items of a reduction are, if not row by row. */
export interface Elements {
  readonly functions: string;
  readonly sizes: Readonly<Record<string, number>>;
  /** WGSL of the number of the element in row `row` and column `c`. */
  readonly place: string;
  /** Whether the rows of a column are neighbours in memory, and not the columns of a row. */
  readonly areRowsNear: boolean;
}

export interface ColumnReduction {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly elements?: Elements;
  readonly items: Items;
  /**
   * WGSL that folds items into `let out0 …`, of the same meaning as the values of an item.
   *
   * @param overItems a loop that runs some WGSL for each item
   */
  readonly fold: (values: readonly string[], overItems: (visit: string) => string) => string;
  /** WGSL that writes the results of column `c` from `out0 …`, with what it reads and writes. */
  readonly finish: {
    readonly reads: NamedValues;
    readonly writes: NamedValues;
    readonly sizes?: Readonly<Record<string, number>>;
    readonly body: string;
  };
}

/** Row by row: where partial results are, and most items. */
const rowByRow: Elements = {
  functions: "",
  sizes: {},
  place: "row * p.columns + c",
  areRowsNear: false,
};

/**
 * Reduces each column of a matrix, in several kernels: each folds at most 32 rows into one, until one is left. The order is fixed,
 * so results repeat to the bit. Neighbouring invocations read neighbouring elements.
 */
export function reduceColumns(op: OpReader, reduction: ColumnReduction): Kernel[] {
  const { name, columns, fold, finish } = reduction;
  const kernels: Kernel[] = [];
  let { items, rows, elements = rowByRow } = reduction;
  for (;;) {
    const slices = Math.ceil(rows / rowsPerInvocation);
    const isLast = slices === 1;
    const width = items.values.length;
    const partials = isLast ? undefined : op.scratch([slices, columns, width]);
    const stores = items.values.map(
      (_, k) => `set_partials((slice * p.columns + c) * ${width}u + ${k}u, out${k});`,
    );
    const { prelude = "", functions = "" } = items;
    const { areRowsNear } = elements;
    const overItems = (visit: string): string =>
      `for (var row = slice; row < p.rows; row += p.slices) {
    let i = ${elements.place};
    ${prelude}
    ${visit}
  }`;
    kernels.push({
      name: kernels.length === 0 ? name : `${name} partials`,
      operands: [
        ...operandsOf(items.reads, partials ? { partials } : {}),
        ...(isLast ? operandsOf(withoutNames(finish.reads, items.reads), finish.writes) : []),
      ],
      sizes: { rows, columns, slices, ...elements.sizes, ...(isLast && finish.sizes) },
      code: `${functions}
${elements.functions}
fn run(group: u32, local: u32) {
  let t = group * ${workgroupSize}u + local;
  if (t >= p.columns * p.slices) { return; }
  let c = ${areRowsNear ? "t / p.slices" : "t % p.columns"};
  let slice = ${areRowsNear ? "t % p.slices" : "t / p.columns"};
  ${fold(items.values, overItems)}
  ${isLast ? finish.body : stores.join("\n  ")}
}`,
      workgroups: Math.ceil((columns * slices) / workgroupSize),
      workgroupSize,
    });
    if (!partials) return kernels;
    items = partialItems(partials, width);
    elements = rowByRow;
    rows = slices;
  }
}

const partialItems = (earlier: Value, width: number): Items => ({
  reads: { earlier },
  values: Array.from({ length: width }, (_, k) => `earlier(i * ${width}u + ${k}u)`),
});

/** The operands that have no name in `others`. */
const withoutNames = (values: NamedValues, others: NamedValues): NamedValues =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !(name in others)));

/** Folds by adding. */
export const addUp: ColumnReduction["fold"] = (values, overItems) => `
  ${values.map((_, k) => `var out${k} = 0.0;`).join(" ")}
  ${overItems(values.map((value, k) => `out${k} += ${value};`).join(" "))}`;

/**
 * Folds triples (count, mean, sum of squared distances from the mean) into one, in two passes: the mean, then the distances.
 * Source: Chan, Golub and LeVeque 1983, "Algorithms for computing the sample variance".
 */
export const mergeMoments: ColumnReduction["fold"] = ([count, mean, squares], overItems) => `
  var out0 = 0.0;
  var sum = 0.0;
  ${overItems(`out0 += ${count}; sum += ${count} * ${mean};`)}
  let out1 = sum / out0;
  var out2 = 0.0;
  ${overItems(`let distance = ${mean} - out1; out2 += ${squares} + ${count} * distance * distance;`)}`;
