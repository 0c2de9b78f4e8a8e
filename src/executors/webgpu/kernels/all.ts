import type { BufferSpec, Instruction } from "../../../program/program.js";
import type { Kernel } from "../kernel.js";
import { OpReader } from "../op-reader.js";
import { activationKernels } from "./activations.js";
import { batchNormKernels } from "./batch-norm.js";
import { convolutionKernels } from "./convolution.js";
import { dataKernels } from "./data.js";
import { linearKernels } from "./linear.js";
import { lossKernels } from "./loss.js";
import { optimizerKernels } from "./optimizers.js";
import { poolingKernels } from "./pooling.js";
import { shapeKernels } from "./shape.js";
import { sumKernels } from "./sums.js";

/** Makes the kernels of an instruction, in the order in which they run. */
export type KernelMaker = (op: OpReader) => readonly Kernel[];

const makers: Readonly<Record<string, KernelMaker>> = {
  ...activationKernels,
  ...batchNormKernels,
  ...convolutionKernels,
  ...dataKernels,
  ...linearKernels,
  ...lossKernels,
  ...optimizerKernels,
  ...poolingKernels,
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
 * The kernels of an instruction; null if its op has none, or one of them needs more bindings than the device has. The host
 * then computes it.
 */
export function kernelsOf(
  instruction: Instruction,
  buffers: readonly BufferSpec[],
  maxBindings: number,
): InstructionKernels | null {
  const make = makers[instruction.op];
  if (!make) return null;
  const reader = new OpReader(instruction, buffers);
  const kernels = make(reader);
  if (kernels.some(({ operands }) => operands.length > maxBindings)) return null;
  return { kernels, scratchBytes: reader.scratchBytes };
}
