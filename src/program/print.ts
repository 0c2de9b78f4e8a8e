import { formatAttrs } from "../tensor/attrs.js";
import { formatShape } from "../tensor/shape.js";
import type { BufferId, Program } from "./program.js";

/**
 * A program as text: its buffers, then a line an instruction.
 *
 *     program train-step   arena 1792 bytes
 *     b0   f32 [3, 3, 64, 64]   state layer1.0.conv1.weight
 *     b1   f32 [7, 7, 8, 64]    arena +0
 *     conv2d x=b2 weight=b0 -> y=b1   stride=1 padding=1   # layer1.0.conv1
 *     output loss=b7
 */
export function printProgram({
  name,
  arenaBytes,
  buffers,
  instructions,
  outputs,
}: Program): string {
  const lines = [`program ${name}   arena ${arenaBytes} bytes`];
  buffers.forEach((buffer, id) => {
    const place =
      buffer.place === "arena" ? `arena +${buffer.offset}` : `${buffer.place} ${buffer.name}`;
    lines.push(`b${id}   ${buffer.dtype} ${formatShape(buffer.shape)}   ${place}`);
  });
  const operands = (ids: Readonly<Record<string, BufferId>>): string =>
    Object.entries(ids)
      .map(([operand, id]) => `${operand}=b${id}`)
      .join(" ");
  for (const { op, inputs, outputs: results, attrs, module } of instructions) {
    const attributes = Object.keys(attrs).length > 0 ? `   ${formatAttrs(attrs)}` : "";
    const comment = module ? `   # ${module}` : "";
    lines.push(
      `${`${op} ${operands(inputs)}`.trim()} -> ${operands(results)}${attributes}${comment}`,
    );
  }
  for (const [output, id] of Object.entries(outputs)) lines.push(`output ${output}=b${id}`);
  return `${lines.join("\n")}\n`;
}
