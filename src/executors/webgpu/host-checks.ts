import { checkRows } from "../../ops/ingest.js";
import { checkLabelRange } from "../../ops/softmax-cross-entropy.js";
import { opsByName } from "../../ops/registry.js";
import type { Program } from "../../program/program.js";
import { allocate, type HostArray } from "../../tensor/host-array.js";
import { sizeOf } from "../../tensor/shape.js";

/** The values of integer buffers that the host knows. */
type Known = Map<number, Int32Array>;

/**
 * Checks the indices and labels of a run before it begins. A kernel cannot refuse one, and the instructions after it would go
 * on with a wrong value. The host knows them: indices are given with the run, and labels were written as a state.
 *
 * @param stateOf the values of an i32 state as they were last written
 * @throws {ResnetError} `ERR_INDEX`
 */
export function checkIndices(
  { buffers, instructions }: Program,
  inputs: ReadonlyMap<string, HostArray>,
  stateOf: (name: string) => Int32Array | undefined,
): void {
  const known: Known = new Map();
  buffers.forEach((buffer, id) => {
    if (buffer.dtype !== "i32" || buffer.place === "arena") return;
    const data = buffer.place === "input" ? inputs.get(buffer.name)?.data : stateOf(buffer.name);
    if (data instanceof Int32Array) known.set(id, data);
  });
  for (const { op, inputs: from, outputs: to } of instructions) {
    const values = (name: string): Int32Array | undefined => known.get(from[name]!);
    const [indices, labels] = [values("indices"), values("labels")];
    let result: readonly [name: string, Int32Array | undefined] | undefined;
    if (op === "ingest" && indices) checkRows(op, indices, buffers[from["images"]!]!.shape[0]!);
    if (op === "gatherLabels") result = ["y", gathered(indices, labels)];
    if (op === "mixSamples") result = ["neighbourLabels", labels && rolled(labels)];
    if (op.startsWith("softmaxCrossEntropy") && labels)
      checkLabelRange(labels, buffers[from["logits"]!]!.shape[1]!);
    for (const id of Object.values(to)) known.delete(id);
    if (result?.[1]) known.set(to[result[0]]!, result[1]);
  }
}

/** The labels of a batch, by the reference rule, which refuses indices out of range. */
function gathered(
  indices: Int32Array | undefined,
  labels: Int32Array | undefined,
): Int32Array | undefined {
  if (!indices || !labels) return undefined;
  const vector = (data: Int32Array) => ({ shape: [data.length], data });
  const y = vector(allocate("i32", sizeOf([indices.length])));
  const operands = { labels: vector(labels), indices: vector(indices) };
  opsByName.get("gatherLabels")!.reference(operands, { y }, {});
  return y.data;
}

/** The label of the sample before each, and of the last before the first. */
const rolled = (labels: Int32Array): Int32Array =>
  Int32Array.from(labels, (_, i) => labels[(i + labels.length - 1) % labels.length]!);
