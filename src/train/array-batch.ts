import type { LoadedProgram, RunInputs } from "../executors/executor.js";
import { input } from "../graph/tensor.js";
import { nchwToHwnc } from "../interop/torch-layout.js";
import { inputSpecs } from "../program/input-specs.js";
import { encodeBf16 } from "../tensor/bf16.js";
import { ResnetError } from "../tensor/error.js";
import { checkHostArray, type HostArray } from "../tensor/host-array.js";
import { formatShape, type TensorSpec } from "../tensor/shape.js";
import { likeParts, partsOf, type Several } from "./several.js";
import type { Targets } from "./loss.js";
import { dtypeOf, type Precision } from "../program/precision.js";
import type { BatchTracer } from "./sources/batch-source.js";

/** A batch of the caller's own arrays. */
export interface ArrayBatch {
  /** The model's input: images f32 `[N, C, H, W]`, or features f32 `[N, C]`, normalized already; of several inputs an array or a record of them. */
  readonly images: Several<HostArray>;
  /** The loss's targets: class indices i32 `[N]`, or other arrays, one or several by name. */
  readonly targets: HostArray | Readonly<Record<string, HostArray>>;
}

/** A batch in the form that programs take: how it is traced, and the inputs of a run. */
export interface TracedArrays {
  readonly tracer: BatchTracer;
  /** Samples. */
  readonly samples: number;
  readonly inputs: RunInputs;
}

/** Turns the caller's arrays into batches for programs. Arrays of the same shapes share a tracer, and so their programs. */
export class ArrayBatches {
  private readonly tracers = new Map<string, BatchTracer>();

  constructor(private readonly precision: Precision) {}

  /**
   * @throws {ResnetError} `ERR_INPUT` if an array has not as many values as its shape says, the images are not float32, or
   *   images and targets differ in their number of samples
   */
  of({ images, targets }: ArrayBatch): TracedArrays {
    const named = isArray(targets) ? { "": targets } : targets;
    const samples = samplesOf(images);
    for (const [name, array] of Object.entries(named))
      checkTargets(name ? `the targets ${name}` : "the targets", array, samples);
    const x = likeParts("images", images, (part) => toImages(part, this.precision));
    const inputs: Record<string, HostArray> = partsOf("images", x);
    const placed = Object.entries(named).map(([name, array]) => [name, inMemory(array)] as const);
    for (const [name, array] of placed) inputs[targetInput(name)] = array;
    const specs = placed.map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
    const shapes = likeParts("images", x, ({ shape }) => ({ shape, dtype: "f32" }) as const);
    const key = JSON.stringify([shapes, specs]);
    let tracer = this.tracers.get(key);
    if (!tracer) {
      tracer = arrayTracer(shapes, specs);
      this.tracers.set(key, tracer);
    }
    return { tracer, samples, inputs };
  }
}

/** Images among the targets lie as images do: `[H, W, N, C]`. */
const inMemory = (array: HostArray): HostArray =>
  array.shape.length === 4 && array.dtype === "f32" ? nchwToHwnc(array) : array;

interface TargetSpec extends Pick<HostArray, "dtype" | "shape"> {
  /** Empty if the targets are one array. */
  readonly name: string;
}

const targetInput = (name: string): string => (name ? `targets/${name}` : "targets");

const isArray = (targets: ArrayBatch["targets"]): targets is HostArray =>
  "data" in targets && "shape" in targets && "dtype" in targets;

const arrayTracer = (shapes: Several<TensorSpec>, specs: readonly TargetSpec[]): BatchTracer => ({
  trace(_batchSize, precision) {
    const all = specs.map(
      (spec) => [spec.name, input(targetInput(spec.name), spec.shape, spec.dtype)] as const,
    );
    const targets: Targets = all[0]?.[0] === "" ? all[0][1] : Object.fromEntries(all);
    const images = likeParts("images", shapes, ({ shape }, name) =>
      input(name, shape, dtypeOf(precision)),
    );
    return { images, targets };
  },
});

/** The arrays that a program reads: a loss need not use all targets. */
export function readInputs({ program }: LoadedProgram, inputs: RunInputs): RunInputs {
  const specs = inputSpecs(program);
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => specs.has(name)));
}

function samplesOf(images: Several<HostArray>): number {
  const counts = Object.entries(partsOf("the images", images)).map(([name, part]) => {
    checkImages(name, part);
    return part.shape[0] ?? 0;
  });
  const [first = 0] = counts;
  if (counts.every((count) => count === first)) return first;
  throw new ResnetError(
    "ERR_INPUT",
    `the images have ${counts.join(" and ")} samples, but every input of a batch must have the same number`,
  );
}

function checkImages(name: string, images: HostArray): void {
  checkHostArray(name, images, "ERR_INPUT");
  if (images.dtype !== "f32") {
    throw new ResnetError(
      "ERR_INPUT",
      `${name} are ${images.dtype}, but a batch takes f32: scale and normalize them, or make a data set of bytes with datasetOfArrays`,
    );
  }
}

function checkTargets(what: string, array: HostArray, samples: number): void {
  checkHostArray(what, array, "ERR_INPUT");
  if (array.shape[0] === samples) return;
  throw new ResnetError(
    "ERR_INPUT",
    `${what} have the shape ${formatShape(array.shape)}, but there are ${samples} images: give one row for each`,
  );
}

/** The arrays as the model takes them: `[H, W, N, C]`, stored in the precision's dtype. */
export function toImages(images: HostArray, precision: Precision): HostArray {
  const array = images.shape.length === 4 ? nchwToHwnc(images) : images;
  if (precision === "fp32") return array;
  const { shape, data } = array;
  return { shape, dtype: "bf16", data: encodeBf16(data as Float32Array) };
}
