import type { BufferSpec, Instruction } from "../../../program/program.js";
import { paddedBytes } from "../gpu-memory.js";
import type { Kernel, KernelLimits, KernelOperand, Value } from "../kernel.js";
import { OpReader } from "../op-reader.js";
import { activationKernels } from "./activations.js";
import { batchNormKernels } from "./batch-norm.js";
import { chainKernels } from "./chains.js";
import { convolutionKernels } from "./convolution.js";
import { dataKernels } from "./data.js";
import { linearKernels } from "./linear.js";
import { lossKernels } from "./loss.js";
import { matmulKernels } from "./matmul.js";
import { moveKernels } from "./moves.js";
import { optimizerKernels } from "./optimizers.js";
import { packOperands } from "./pack-operands.js";
import { poolingKernels } from "./pooling.js";
import { reductionKernels } from "./reductions.js";
import { shapeKernels } from "./shape.js";
import { sumKernels } from "./sums.js";

/** Makes the kernels of an instruction, in the order in which they run. */
export type KernelMaker = (op: OpReader) => readonly Kernel[];

const makers: Readonly<Record<string, KernelMaker>> = {
  ...activationKernels,
  ...batchNormKernels,
  ...chainKernels,
  ...convolutionKernels,
  ...dataKernels,
  ...linearKernels,
  ...lossKernels,
  ...matmulKernels,
  ...moveKernels,
  ...optimizerKernels,
  ...poolingKernels,
  ...reductionKernels,
  ...shapeKernels,
  ...sumKernels,
};

/** The ops that have kernels. */
export const opsWithKernels: readonly string[] = Object.keys(makers);

export interface InstructionKernels {
  readonly kernels: readonly Kernel[];
  readonly scratchBytes: number;
}

/**
 * The kernels of an instruction; null if its op has none, or they need more than the device allows. The host then computes it.
 */
export function kernelsOf(
  instruction: Instruction,
  buffers: readonly BufferSpec[],
  limits: KernelLimits,
): InstructionKernels | null {
  const make = makers[instruction.op];
  if (!make) return null;
  const reader = new OpReader(instruction, buffers, limits);
  const kernels = make(reader).map((kernel) =>
    packOperands(reader, kernel, (value) => placeOf(value, buffers)),
  );
  const isTooLarge = ({ value }: KernelOperand): boolean =>
    paddedBytes(value) > limits.maxBindingBytes;
  const fits = kernels.every((each) => each?.every(({ operands }) => !operands.some(isTooLarge)));
  if (!fits || reader.scratchBytes > limits.maxBufferBytes) return null;
  return { kernels: kernels.flatMap((each) => each!), scratchBytes: reader.scratchBytes };
}

/** What tells the memory of a value from that of others. */
function placeOf({ at }: Value, buffers: readonly BufferSpec[]): unknown {
  if (at.kind === "table") return at.values;
  if (at.kind === "scratch") return `scratch ${at.offset}`;
  const buffer = buffers[at.id]!;
  return buffer.place === "arena" ? `arena ${buffer.offset}` : `${buffer.place} ${buffer.name}`;
}
