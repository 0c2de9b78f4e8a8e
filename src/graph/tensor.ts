import type { Attrs } from "../tensor/attrs.js";
import type { DType, Shape, TensorSpec } from "../tensor/shape.js";
import type { Op } from "./define-op.js";

/** A value in the graph being traced: shape and dtype, no data. */
export class Tensor implements TensorSpec {
  constructor(
    readonly shape: Shape,
    readonly dtype: DType,
    /** The node that computes it, or null for a leaf. */
    readonly node: GraphNode | null,
  ) {}
}

/**
 * A tensor that no node computes.
 *
 * An `input` is given with every run; `state` is kept by the executor between runs (parameters, running
 * statistics, optimiser moments, data sets).
 */
export class Leaf extends Tensor {
  constructor(
    readonly kind: "input" | "state",
    /** Key in the executor. A module's leaves get the path of their field when the module is traced. */
    public name: string,
    shape: Shape,
    dtype: DType = "f32",
  ) {
    super(shape, dtype, null);
  }
}

export const input = (name: string, shape: Shape, dtype: DType = "f32"): Leaf =>
  new Leaf("input", name, shape, dtype);
export const state = (name: string, shape: Shape, dtype: DType = "f32"): Leaf =>
  new Leaf("state", name, shape, dtype);

/** One application of an op. */
export interface GraphNode {
  /** Grows with time of tracing, so ascending ids are an order of execution. */
  readonly id: number;
  readonly op: Op;
  /** By the op's own operand names; optional operands that are absent have no key. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly attrs: Attrs;
  /** Path of the module that was being traced, `layer2.0.conv1`; empty outside every module. */
  readonly module: string;
}
