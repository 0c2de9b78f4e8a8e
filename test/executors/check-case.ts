import assert from "node:assert/strict";
import type { Executor } from "../../src/executors/executor.js";
import { widen } from "../../src/executors/reference/execute.js";
import type { Values } from "../../src/graph/define-op.js";
import { meanAndVariance } from "../../src/ops/batch-norm-statistics.js";
import { opsByName } from "../../src/ops/registry.js";
import { storedAs } from "../../src/ops/stored.js";
import { allocate, type HostArray } from "../../src/tensor/host-array.js";
import { sizeOf, type DType } from "../../src/tensor/shape.js";
import { assertClose, type Tolerance } from "../helpers/assert-close.js";
import type { ConformanceCase } from "./conformance-case.js";
import { guardedProgram, runGuarded, sentinel, type InPlace } from "./guarded-program.js";

const known = new Map<ConformanceCase, Readonly<Record<string, Values>>>();

/** What the op's reference rule gives in float32; results that are stored as bf16 rounded once, and as float32. */
function expectedOf(each: ConformanceCase): Readonly<Record<string, Values>> {
  const cached = known.get(each);
  if (cached) return cached;
  const op = opsByName.get(each.op)!;
  const inputs = each.inputs();
  const specs = op.shape(inputs, each.attrs);
  const outputs = Object.fromEntries(
    each.outputs.map((name): [string, Values] => {
      const { shape, dtype } = specs[name]!;
      const data = allocate(dtype === "bf16" ? "f32" : dtype, sizeOf(shape));
      return [name, { shape, dtype, data }];
    }),
  );
  op.reference(mapValues(inputs, widen), outputs, each.attrs);
  const stored = mapValues(outputs, (values) => storedAs(values.dtype, values));
  known.set(each, stored);
  return stored;
}

const mapValues = <A, B>(
  record: Readonly<Record<string, A>>,
  map: (value: A) => B,
): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));

/**
 * Allowed difference of a result. What is stored as bf16 is rounded to 8 bits, by at most 2^-8 of itself: where
 * the kernel's float32 and the reference's lie on two sides of a tie, the results are neighbours, 2^-7 apart.
 * Results without a rounding of their own stay exact.
 */
function toleranceOf({ rtol, atol = 0 }: ConformanceCase, dtype: DType | undefined): Tolerance {
  if (dtype === "bf16") return { rtol, atol, own: rtol > 0 ? 2 ** -7 : 0 };
  return dtype === "f32" ? { rtol, atol } : { rtol: 0 };
}

/**
 * A convolution's statistics are those of the y that it stored. The rounding of y moves them by more than their own
 * error, so they are compared with the statistics of the executor's y.
 */
function statisticsOf(y: HostArray, channels: number): Readonly<Record<string, Values>> {
  const result = (): Values => ({
    shape: [channels],
    dtype: "f32",
    data: new Float32Array(channels),
  });
  const outputs = { mean: result(), variance: result() };
  meanAndVariance(widen(y), outputs.mean, outputs.variance);
  return outputs;
}

/** None in place, then each result in the memory of each input of its size that the op allows; and all at once. */
export function variants({ op, attrs, outputs, inputs: draw }: ConformanceCase): InPlace[] {
  const { inPlace: rules = {}, shape } = opsByName.get(op)!;
  const inputs = draw();
  const specs = shape(inputs, attrs);
  const fits = (output: string, input: string): boolean => {
    const [to, from] = [specs[output]!, inputs[input]];
    return from !== undefined && from.shape.length > 0 && sizeOf(to.shape) === sizeOf(from.shape);
  };
  const pairs = outputs.flatMap((output) =>
    (rules[output] ?? [])
      .filter((input) => fits(output, input))
      .map((input) => ({ [output]: input })),
  );
  const all: InPlace = Object.assign({}, ...pairs);
  return [{}, ...pairs, ...(Object.keys(all).length > 1 ? [all] : [])];
}

/** Runs a case, and compares the results and the memory around them with what the reference rule says. */
export async function checkCase(
  executor: Executor,
  each: ConformanceCase,
  inPlace: InPlace,
): Promise<void> {
  const { program, guards, copies } = guardedProgram(each, inPlace, executor.traits.alignment);
  const results = await runGuarded(executor, each, program);
  const where = Object.entries(inPlace)
    .map(([output, input]) => ` ${output} in ${input}`)
    .join();
  const what = `${each.op}, ${each.name}${where}`;
  const expected = { ...expectedOf(each) };
  if (results["y"] && expected["mean"])
    Object.assign(expected, statisticsOf(results["y"], results["y"].shape.at(-1)!));
  for (const [name, { data, dtype }] of Object.entries(expected)) {
    const actual = widen(results[name]!).data;
    assertClose(actual, data, toleranceOf(each, dtype), `${what}: ${name}`);
  }
  for (const name of guards) {
    const value = Math.fround(sentinel);
    assert.ok(
      results[name]!.data.every((v) => v === value),
      `${what}: ${name} was written to`,
    );
  }
  const given = each.inputs();
  for (const name of copies) {
    const message = `${what}: the input ${name} was changed`;
    assertClose(results[`copy ${name}`]!.data, given[name]!.data, { rtol: 0 }, message);
  }
}
