// Numbers that PyTorch computed; test/fixtures/README.md has the formats.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { fromTorchLayout, nchwToHwnc } from "../../src/interop/torch-layout.js";
import { hostArray, type HostArray } from "../../src/tensor/host-array.js";
import { randomKey, uniform } from "../../src/tensor/random.js";
import { sizeOf, type Shape } from "../../src/tensor/shape.js";

function findRoot(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, "package.json"))) folder = path.dirname(folder);
  return folder;
}

/** The folder of package.json. */
export const packageRoot = findRoot();

const fixture = (...names: readonly string[]): string =>
  path.join(packageRoot, "test/fixtures", ...names);

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));

export type DrawnSpec =
  | {
      readonly shape: Shape;
      readonly scale: number;
      readonly center?: number;
      readonly step?: number;
    }
  | { readonly shape: Shape; readonly below: number };

export interface Expected {
  readonly shape: Shape;
  readonly values: number | readonly number[];
  readonly deviation: number;
}

export interface OpCase {
  readonly name: string;
  readonly seed: number;
  readonly attributes: Readonly<Record<string, number | string | boolean | readonly number[]>>;
  readonly inputs: Readonly<Record<string, DrawnSpec>>;
  readonly expected: Readonly<Record<string, Expected>>;
}

/** The cases of `ops/<op>.json`. */
export const opCases = (op: string): readonly OpCase[] =>
  (readJson(fixture("ops", `${op}.json`)) as { readonly cases: readonly OpCase[] }).cases;

/** An input as the fixtures draw it, in PyTorch's order of axes. */
export function draw(seed: number, name: string, spec: DrawnSpec): HostArray {
  const key = randomKey(seed, name);
  const length = sizeOf(spec.shape);
  if ("below" in spec) {
    const labels = Int32Array.from({ length }, (_, i) => Math.floor(uniform(key, i) * spec.below));
    return hostArray(spec.shape, labels, "i32");
  }
  const { shape, scale, center = 0, step = 0 } = spec;
  const values = Float32Array.from({ length }, (_, i) => {
    const value = center + (2 * uniform(key, i) - 1) * scale;
    return step > 0 ? Math.floor(value / step) * step : value;
  });
  return hostArray(shape, values);
}

/** Operands that are weights; the other ones of 4 axes are images. */
const isWeight = (operand: string): boolean => ["weight", "dweight"].includes(operand);

/** An operand of a fixture in the engine's order of axes. */
export function toEngine(operand: string, array: HostArray): HostArray {
  if (isWeight(operand)) return fromTorchLayout(array);
  return array.shape.length === 4 ? nchwToHwnc(array) : array;
}

export interface Summary {
  readonly part: "gradients" | "parameters" | "firstStatistics" | "statistics";
  readonly name: string;
  readonly shape: Shape;
  readonly deviation: number;
  readonly deviationL2: number;
  readonly l2: number;
  readonly sum: number;
  readonly maxAbs: number;
  readonly values?: readonly number[];
  readonly offset?: number;
}

export interface NetworkOutput {
  readonly part: "outputs";
  readonly name: "losses" | "logits" | "evalLogits";
  readonly shape: Shape;
  readonly deviation: number;
  readonly deviationL2: number;
  readonly values: readonly number[];
}

export interface InitialValue {
  readonly part: "initial";
  readonly name: string;
  readonly shape: Shape;
  readonly scale: number;
  readonly center: number;
}

export interface NetworkFixture {
  readonly model: string;
  readonly width: number;
  readonly seed: number;
  readonly input: readonly [number, number, number];
  readonly classes: number;
  readonly batch: number;
  readonly steps: number;
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly imageScale: number;
  readonly firstLabels: readonly number[];
  readonly tensors: readonly (Summary | NetworkOutput | InitialValue)[];
}

export const networkFixture = (name: string): NetworkFixture =>
  readJson(fixture("networks", `${name}.json`)) as NetworkFixture;

/** What PyTorch's bf16 autocast makes of a network. */
export interface AutocastFixture {
  /** Losses of ten steps in float32. */
  readonly fp32: readonly number[];
  /** Losses under autocast, of images times each brightness. */
  readonly brightness: readonly number[];
  readonly bf16: readonly (readonly number[])[];
  /** By parameter, the L2 distance of the two gradients of step 1, over the norm of float32's; the mean of all. */
  readonly gradients: readonly { readonly name: string; readonly distance: number }[];
}

export const autocastFixture = (network: string): AutocastFixture =>
  readJson(fixture("networks", `${network}-bf16.json`)) as AutocastFixture;

/** Bits of float32 values, and of the bfloat16 that PyTorch rounds them to. */
export const roundingCases = (): readonly { readonly f32: number; readonly bf16: number }[] =>
  (
    readJson(fixture("tensor", "bf16.json")) as {
      readonly cases: readonly { readonly f32: number; readonly bf16: number }[];
    }
  ).cases;

/** All gradients of a network, where the fixture has them whole. */
export function networkGradients(name: string): Float32Array | null {
  const file = fixture("networks", `${name}.gradients.bin`);
  if (!existsSync(file)) return null;
  const bytes = readFileSync(file);
  return new Float32Array(new Uint8Array(bytes).buffer);
}

/** Numbers as the fixtures of special values have them: NaN, infinities and -0 as text. */
interface SpecialValues {
  readonly shape: Shape;
  readonly values: readonly (number | string)[];
}

/** One op on NaN, infinities and -0. */
export interface SpecialCase {
  readonly op: string;
  readonly name: string;
  readonly attributes: OpCase["attributes"];
  readonly inputs: Readonly<Record<string, HostArray>>;
  readonly expected: Readonly<Record<string, HostArray>>;
}

/** The cases of `special.json`, in the engine's layout. */
export function specialCases(): readonly SpecialCase[] {
  type Stored = Omit<SpecialCase, "inputs" | "expected"> &
    Record<"inputs" | "expected", Readonly<Record<string, SpecialValues>>>;
  const { cases } = readJson(fixture("special.json")) as { readonly cases: readonly Stored[] };
  const read = (all: Readonly<Record<string, SpecialValues>>) =>
    Object.fromEntries(
      Object.entries(all).map(([name, { shape, values }]) => {
        const numbers = values.map(Number);
        return [name, toEngine(name, hostArray(shape, numbers, name === "labels" ? "i32" : "f32"))];
      }),
    );
  return cases.map((each) => ({
    ...each,
    inputs: read(each.inputs),
    expected: read(each.expected),
  }));
}

/** A function of tensors of any rank, its values and gradients, in PyTorch's order of axes. */
export interface TensorCase {
  readonly name: string;
  readonly call: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, HostArray>>;
  readonly seed: number;
  readonly expected: Readonly<
    Record<
      string,
      { readonly values: readonly number[]; readonly shape: Shape; readonly deviation: number }
    >
  >;
}

/** The cases of `tensors.json`. */
export function tensorCases(): readonly TensorCase[] {
  type Stored = Omit<TensorCase, "inputs" | "expected"> & {
    readonly inputs: Readonly<Record<string, DrawnSpec | SpecialValues>>;
    readonly expected: Readonly<Record<string, SpecialValues & { readonly deviation: number }>>;
  };
  const { cases } = readJson(fixture("tensors.json")) as { readonly cases: readonly Stored[] };
  return cases.map(({ inputs, expected, ...rest }) => ({
    ...rest,
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([name, spec]) => [
        name,
        "values" in spec
          ? hostArray(spec.shape, spec.values.map(Number))
          : draw(rest.seed, name, spec),
      ]),
    ),
    expected: Object.fromEntries(
      Object.entries(expected).map(([name, each]) => [
        name,
        { ...each, values: each.values.map(Number) },
      ]),
    ),
  }));
}

/** What torchvision makes of all 256 bytes, [C, 256]. */
export interface NormalizeRow {
  readonly name: string;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly expected: readonly number[];
}

export const normalizeRows = (): readonly NormalizeRow[] =>
  (readJson(fixture("data", "normalize.json")) as { readonly rows: readonly NormalizeRow[] }).rows;

/** Learning rates of PyTorch's schedulers: by step, or after each of some metrics. */
export interface ScheduleFixture {
  readonly peak: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly cases: readonly {
    readonly schedule: object;
    readonly metrics?: readonly number[];
    readonly rates: readonly number[];
  }[];
}

export const scheduleFixture = (): ScheduleFixture =>
  readJson(fixture("train", "schedules.json")) as ScheduleFixture;

/** PyTorch's training steps with clipping, groups, mixed images and averages. */
export interface StepsFixture {
  readonly seed: number;
  readonly batch: number;
  readonly image: readonly [number, number, number];
  readonly classes: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly headFactor: number;
  readonly clipNorm: number;
  readonly emaDecay: number;
  readonly smoothing: number;
  readonly mixes: readonly { readonly share: number; readonly box: readonly number[] }[];
  readonly cases: readonly {
    readonly optimizer: "sgd" | "adamw";
    readonly learningRate: number;
    readonly expected: Readonly<Record<string, Expected & { readonly values: readonly number[] }>>;
  }[];
}

export const stepsFixture = (): StepsFixture =>
  readJson(fixture("train", "steps.json")) as StepsFixture;

export interface LossesFixture {
  readonly seed: number;
  readonly samples: number;
  readonly classes: number;
  readonly cases: readonly {
    readonly loss: string;
    readonly options: object;
    readonly targets: readonly number[];
    readonly value: readonly number[];
    readonly gradient: readonly number[];
    readonly deviation: number;
  }[];
}

export const lossesFixture = (): LossesFixture =>
  readJson(fixture("train", "losses.json")) as LossesFixture;

export interface OptimizersFixture {
  readonly seed: number;
  readonly batch: number;
  readonly features: number;
  readonly classes: number;
  readonly steps: number;
  readonly cases: readonly {
    readonly optimizer: string;
    readonly options: { readonly learningRate: number };
    readonly deviation: number;
    readonly weight: readonly number[];
    readonly bias: readonly number[];
  }[];
}

export const optimizersFixture = (): OptimizersFixture =>
  readJson(fixture("train", "optimizers.json")) as OptimizersFixture;

/** How far PyTorch's batch statistics are from the exact ones, for values of deviation 1 around each mean. */
export interface StatisticsFixture {
  /** Height, width and batch of the images of each draw. */
  readonly size: readonly [number, number, number];
  readonly scale: number;
  readonly seeds: readonly number[];
  readonly rows: readonly {
    readonly mean: number;
    readonly meanError: number;
    readonly varianceError: number;
  }[];
}

export const statisticsFixture = (): StatisticsFixture =>
  readJson(fixture("statistics.json")) as StatisticsFixture;
