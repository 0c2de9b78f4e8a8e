import { conv2dOp } from "../ops/conv2d.js";
import { linearOp } from "../ops/linear.js";
import { graphOf } from "../graph/graph.js";
import { input, type GraphNode } from "../graph/tensor.js";
import { namedModules, namedParameters, type AnyModule, type Module } from "../nn/module.js";
import { traceModule } from "../nn/trace-module.js";
import { displayedAs } from "../tensor/jupyter.js";
import { sizeOf, type Shape } from "../tensor/shape.js";
import { formatTable } from "./format.js";
import { trainingMemory, type TrainingMemory } from "./training-memory.js";

/** One module's call: what it puts out for one image, and what it costs. */
export interface LayerSummary {
  /** Path of fields, `layer1.0.conv1`. */
  readonly name: string;
  /** Class of the module, `Conv2d`. */
  readonly type: string;
  /** `[C, H, W]`, or `[features]`. */
  readonly output: Shape;
  readonly parameters: number;
  /** Multiply-adds for one image of convolutions and linear layers; taps on padding count, as is the custom. */
  readonly multiplyAdds: number;
}

export interface ModelSummary {
  readonly model: string;
  /** `[C, H, W]`. */
  readonly input: Shape;
  /** Modules without modules in them, in order of their calls. */
  readonly layers: readonly LayerSummary[];
  readonly parameters: number;
  readonly multiplyAdds: number;
  /** The memory of training, if a batch was given. */
  readonly memory?: TrainingMemory;
}

export interface SummaryOptions {
  /** Images in one training step, to see what memory that takes. */
  readonly batch?: number;
}

/**
 * The layers of a model, with shapes and counts, for images `[C, H, W]`.
 *
 * @throws {ShapeError} if the model does not take such images; names the layer and both shapes
 */
export function summarize(
  name: string,
  model: Module,
  image: Shape,
  { batch }: SummaryOptions = {},
): ModelSummary {
  const [channels = 1, height = 1, width = 1] = image;
  const { result, calls } = traceModule(model, false, () =>
    model.call(input("x", [height, width, 1, channels])),
  );
  const nodes = graphOf({ result }).nodes;
  const modules = namedModules(model);
  const layers = calls
    .filter(
      ({ path }) => ![...modules.keys()].some((other) => other !== path && isWithin(other, path)),
    )
    .map(({ path, module, output }) => ({
      name: path,
      type: module.constructor.name,
      output: imageShape(output.shape),
      parameters: countParameters(module as AnyModule),
      multiplyAdds: multiplyAddsOf(nodes.filter((node) => node.module === path)),
    }));
  const summary: ModelSummary = {
    model: name,
    input: [channels, height, width],
    layers,
    parameters: countParameters(model),
    multiplyAdds: multiplyAddsOf(nodes),
    ...(batch && { memory: trainingMemory(model, image, batch) }),
  };
  return displayedAs(summary, formatSummary);
}

/** Number of trained values. */
export const countParameters = (module: AnyModule): number =>
  [...namedParameters(module).values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/**
 * Output shape of every module call, innermost first, for images `[C, H, W]`: what d2l's layer-by-layer trace prints.
 *
 * @throws {ShapeError} if a layer does not take what the one before puts out
 */
export function outputShapes(
  model: Module,
  [channels = 1, height = 1, width = 1]: Shape,
): readonly { readonly name: string; readonly type: string; readonly output: Shape }[] {
  const { calls } = traceModule(model, false, () =>
    model.call(input("x", [height, width, 1, channels])),
  );
  return calls.map(({ path, module, output }) => ({
    name: path,
    type: module.constructor.name,
    output: imageShape(output.shape),
  }));
}

const isWithin = (path: string, outer: string): boolean =>
  outer === "" || path.startsWith(`${outer}.`);

/** `[H, W, 1, C]` as `[C, H, W]`; `[1, C]` as `[C]`. */
const imageShape = (shape: Shape): Shape =>
  shape.length === 4 ? [shape[3]!, shape[0]!, shape[1]!] : shape.slice(1);

function multiplyAddsOf(nodes: readonly GraphNode[]): number {
  return nodes.reduce((sum, { op, inputs, outputs }) => {
    if (op !== conv2dOp && op !== linearOp) return sum;
    const [height = 1, width = 1] = op === conv2dOp ? outputs["y"]!.shape : [];
    return sum + sizeOf(inputs["weight"]!.shape) * height * width;
  }, 0);
}

const grouped = (value: number): string => value.toLocaleString("en-US");
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** The summary as a table, with totals below. */
export function formatSummary(summary: ModelSummary): string {
  const { model, input, layers, parameters, multiplyAdds, memory } = summary;
  const header = ["layer", "type", "output", "parameters", "multiply-adds"];
  const number = (value: number): string => (value === 0 ? "" : grouped(value));
  const rows = layers.map((layer) => [
    layer.name,
    layer.type,
    layer.output.join(" x "),
    number(layer.parameters),
    number(layer.multiplyAdds),
  ]);
  const [heading, ...lines] = formatTable([header, ...rows], 2);
  const rule = "-".repeat(heading!.length);
  return [
    `${model}, input ${input.join(" x ")}`,
    heading!,
    rule,
    ...lines,
    rule,
    `parameters     ${grouped(parameters)}  (${megabytes(4 * parameters)} in fp32)`,
    `multiply-adds  ${grouped(multiplyAdds)} for one image`,
    ...(memory ? formatMemory(memory) : []),
  ].join("\n");
}

function formatMemory(memory: TrainingMemory): string[] {
  const rows = [
    ["parameters and statistics", memory.parameterBytes],
    ["velocities of SGD", memory.optimizerBytes],
    ["activations and gradients", memory.arenaBytes],
    ["total", memory.totalBytes],
  ] as const;
  const sizes = rows.map(([, bytes]) => megabytes(bytes));
  const width = Math.max(...sizes.map((size) => size.length));
  return [
    `memory to train on a batch of ${grouped(memory.batch)}`,
    ...rows.map(([name], i) => `  ${name.padEnd(27)}${sizes[i]!.padStart(width)}`),
  ];
}
