import type { Attrs } from "../tensor/attrs.js";
import { type DType, type Shape, type TensorSpec } from "../tensor/shape.js";
import { currentModule } from "./trace.js";
import { Tensor, type GraphNode } from "./tensor.js";

/** Operands keyed by name. A name that ends in `?` may be absent: `"x" | "bias?"`. */
export type Operands<Names extends string, T> = {
  readonly [N in Names as N extends `${string}?` ? never : N]: T;
} & { readonly [N in Names as N extends `${infer Name}?` ? Name : never]?: T | undefined };

/** All operands present, `?` dropped. */
type All<Names extends string, T> = { readonly [N in Names as Bare<N>]: T };
export type Bare<N extends string> = N extends `${infer Name}?` ? Name : N;

/**
 * The values of an operand while a reference rule runs. Float64 in gradient checks; otherwise the dtype's array, or
 * float32 values of a bf16 operand, which are rounded when the rule has run.
 */
export interface Values {
  readonly shape: Shape;
  /** What the operand is stored as; absent where nothing is rounded. */
  readonly dtype?: DType;
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array;
}

/** Inputs and outputs by name, and `dy`, the gradient of the loss by the first output `y`. */
export type GradientContext<I extends string, O extends string, A> = Operands<I, Tensor> &
  All<O, Tensor> & { readonly [N in O as `d${Bare<N>}`]: Tensor } & { readonly attrs: A };

/** Everything there is to say about an op but its fast kernels. */
export interface OpRules<I extends string, O extends string, A extends Attrs> {
  readonly name: string;
  /** Operand names in order; `?` marks those that may be absent. */
  readonly inputs: readonly I[];
  /** Result names in order; `?` marks those that a program leaves out where nobody reads them. */
  readonly outputs: readonly O[];
  /** Inputs whose memory an output may take over, where nothing reads them afterwards. */
  readonly inPlace?: { readonly [N in O as Bare<N>]?: readonly Bare<I>[] };
  /** Shapes and dtypes of the outputs. @throws {ShapeError} if the inputs do not fit together */
  shape(inputs: Operands<I, TensorSpec>, attrs: A): All<O, TensorSpec>;
  /**
   * Nodes for the gradients by the inputs, given `dy`. Gradients flow through the first output only.
   * `null` where the op is not differentiated: gradients themselves, optimisers, data.
   */
  readonly gradient:
    ((context: GradientContext<I, O, A>) => { readonly [N in I as Bare<N>]?: Tensor }) | null;
  /** Floating-point operations that the result needs; dead work on padding does not count. */
  flops(inputs: Operands<I, TensorSpec>, outputs: All<O, TensorSpec>, attrs: A): number;
  /** Bytes moved, where that is not simply every operand once. */
  bytes?(inputs: Operands<I, TensorSpec>, outputs: All<O, TensorSpec>, attrs: A): number;
  /** Plain loops that define the numbers. Outputs hold anything at first; inputs are valid. */
  reference(inputs: Operands<I, Values>, outputs: Operands<O, Values>, attrs: A): void;
}

/** An op as graphs hold it: its rules, with the operand names erased. */
export type Op = OpRules<string, string, Attrs>;

let nodeCount = 0;

/**
 * Declares an op. The returned function traces one node: it takes operands by name and the attributes,
 * and returns the outputs by name.
 */
export function defineOp<
  const I extends string,
  const O extends string,
  A extends Attrs = Record<never, never>,
>(
  rules: OpRules<I, O, A>,
): OpRules<I, O, A> & {
  readonly trace: (inputs: Operands<I, Tensor>, attrs: A) => All<O, Tensor>;
} {
  const op = rules as unknown as Op;
  const trace = (operands: Operands<I, Tensor>, attrs: A): All<O, Tensor> =>
    applyOp(op, operands, attrs, currentModule()).outputs as All<O, Tensor>;
  return { ...rules, trace };
}

/** One application of `op`; absent operands may be undefined. Graph passes use it to apply an op again. */
export function applyOp(
  op: Op,
  operands: Readonly<Record<string, Tensor | undefined>>,
  attrs: Attrs,
  module: string,
): GraphNode {
  const inputs = present(operands);
  const outputs: Record<string, Tensor> = {};
  const node: GraphNode = { id: nodeCount++, op, inputs, outputs, attrs, module };
  for (const [name, { shape, dtype }] of Object.entries(op.shape(inputs, attrs))) {
    outputs[name] = new Tensor(shape, dtype, node);
  }
  return node;
}

const present = (operands: Readonly<Record<string, Tensor | undefined>>): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(operands).filter((entry): entry is [string, Tensor] => entry[1] !== undefined),
  );

/** Outputs by name and bare of `?`, as rules declare them. */
export const outputNames = (op: Pick<Op, "outputs">): readonly string[] =>
  op.outputs.map((name) => name.replace("?", ""));
