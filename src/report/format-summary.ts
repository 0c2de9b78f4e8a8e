import { formatTable } from "./format-table.js";
import type { ModelSummary } from "./model-summary.js";
import type { TrainingMemory } from "./training-memory.js";

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
