import type { Attrs } from "../tensor/attrs.js";
import type { DType, Shape, TensorSpec } from "../tensor/shape.js";
import { filterOrder, imageOrder, matrixOrder, type AxisOrder } from "./axis-order.js";
import type { Op } from "./define-op.js";

/** A value in the graph being traced: shape and dtype, no data. */
export class Tensor implements TensorSpec {
  constructor(
    readonly shape: Shape,
    readonly dtype: DType,
    /** The node that computes it, or null for a leaf. */
    readonly node: GraphNode | null,
    /** In which order the axes lie in memory; the functions of `functional/` count them as users do. */
    public order: AxisOrder = null,
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
    /** Default: inputs of 4 axes are images; states of 2 or 4 axes are weights of linear layers and convolutions. */
    order: AxisOrder = defaultOrder(kind, shape, dtype),
  ) {
    super(shape, dtype, null, order);
  }
}

function defaultOrder(kind: Leaf["kind"], shape: Shape, dtype: DType): AxisOrder {
  if (dtype !== "f32" && dtype !== "bf16") return null;
  if (shape.length === 4) return kind === "input" ? imageOrder : filterOrder;
  return kind === "state" && shape.length === 2 ? matrixOrder : null;
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
