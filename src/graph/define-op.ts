import type { Attrs } from "../tensor/attrs.js";
import { type DType, type Shape, type TensorSpec } from "../tensor/shape.js";
import { orderOfAxes, type AxisOrder } from "./axis-order.js";
import { currentModule } from "./trace.js";
import { Tensor, type GraphNode } from "./tensor.js";
import type { AttrSpecs, AttrsOf } from "./attributes.js";
import { parseOperand, type Operand } from "./signature.js";

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
  /** The dtype in which the operand is stored; absent if nothing is rounded. */
  readonly dtype?: DType;
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array;
}

/** Inputs and outputs by name, and `dy`, the gradient of the loss by the first output `y`. */
export type GradientContext<I extends string, O extends string, A> = Operands<I, Tensor> &
  All<O, Tensor> & { readonly [N in O as `d${Bare<N>}`]: Tensor } & { readonly attrs: A };

/** The part of a training program that an op belongs to. */
export type Role =
  /** Computes the network, its batches and its loss. */
  | "forward"
  /** Computes gradients. */
  | "gradient"
  /** Computes new values of state: optimizer steps, running statistics, and the scales for them. */
  | "update";

/** Shape, dtype and the order of axes; no order means that of the declared axes. */
export interface OrderedSpec extends TensorSpec {
  readonly order?: AxisOrder;
}

/** The operations that an op can apply to its first output before it writes it. The planner may fuse them. */
export interface Epilogue<I extends string> {
  /** The optional operand that is added. */
  readonly addend: NoInfer<Bare<I>>;
  /** Whether an activation follows, given as the attributes `activation` and `slope`. */
  readonly activates: boolean;
}

/**
 * The declaration of an op: everything about it but its fast kernels. The planner, the documentation and the native
 * executor's table (`scripts/generate-ops.mjs`) are made from this.
 *
 * Operands are keyed by name, in order; a name ends in `?` if the operand may be absent. The value is the operand's dtype and
 * axes, such as `"float [H, W, N, C]"`: see `Operand`.
 */
export interface OpDeclaration<I extends string, O extends string, S extends AttrSpecs> {
  readonly name: string;
  readonly role: Role;
  /** A description of the result in Markdown, for `docs/instructions.md`. */
  readonly meaning: string;
  readonly inputs: Readonly<Record<I, string>>;
  /** A program leaves out those with a `?` where nothing reads them. */
  readonly outputs: Readonly<Record<O, string>>;
  readonly attrs: S;
  /** Inputs whose memory an output may take over, where nothing reads them afterwards. */
  readonly inPlace?: { readonly [N in NoInfer<O> as Bare<N>]?: readonly NoInfer<Bare<I>>[] };
  readonly epilogue?: Epilogue<I>;
  /** The attributes that stand for an activation, or for its gradient, in the op that it is fused into. */
  asEpilogue?(attrs: AttrsOf<S>): Attrs;
  /** Whether computing the first output again costs little beside keeping it until the backward pass. */
  readonly isCheap?: boolean;
  /**
   * Shapes and dtypes of the outputs, and in which order their axes lie, where the declared axes do not say it.
   *
   * @throws {ShapeError} if the inputs do not fit together
   */
  // The second type lets TypeScript read "f32" as a DType while it still infers O.
  shape(
    inputs: Operands<I, OrderedSpec>,
    attrs: AttrsOf<S>,
  ): All<O, OrderedSpec> & Readonly<Record<string, OrderedSpec>>;
  /**
   * Nodes for the gradients by the inputs, given `dy`. Gradients flow through the first output only.
   * `null` if the op is not differentiated: gradients themselves, optimizers, data.
   */
  readonly gradient:
    | ((context: GradientContext<I, O, AttrsOf<S>>) => { readonly [N in I as Bare<N>]?: Tensor })
    | null;
  /** Floating-point operations that the result needs; multiplications with padding do not count. */
  flops(inputs: Operands<I, TensorSpec>, outputs: All<O, TensorSpec>, attrs: AttrsOf<S>): number;
  /** Bytes moved. Default: every operand once. */
  bytes?(inputs: Operands<I, TensorSpec>, outputs: All<O, TensorSpec>, attrs: AttrsOf<S>): number;
  /** Plain loops that define the numbers. Outputs hold arbitrary values at first; inputs are valid. */
  reference(inputs: Operands<I, Values>, outputs: Operands<O, Values>, attrs: AttrsOf<S>): void;
}

/** An op as graphs hold it: its declaration, with the operands parsed and the types of their names erased. */
export interface Op extends Omit<
  OpDeclaration<string, string, AttrSpecs>,
  "inputs" | "outputs" | "epilogue"
> {
  readonly inputs: readonly Operand[];
  readonly outputs: readonly Operand[];
  readonly epilogue?: { readonly addend: string; readonly activates: boolean };
}

/** An op that callers apply: `trace` takes operands by name and the attributes, and returns the outputs by name. */
export interface TracedOp<I extends string, O extends string, S extends AttrSpecs> extends Op {
  readonly trace: (inputs: Operands<I, Tensor>, attrs: AttrsOf<S>) => All<O, Tensor>;
}

let nodeCount = 0;
const defined = new WeakSet<object>();

/** Whether `defineOp` made the value. */
export const isOp = (value: unknown): value is Op =>
  typeof value === "object" && value !== null && defined.has(value);

/** Declares an op. The nodes that its `trace` makes hold this very object. */
export function defineOp<const I extends string, const O extends string, const S extends AttrSpecs>(
  declaration: OpDeclaration<I, O, S>,
): TracedOp<I, O, S> {
  const op: TracedOp<I, O, S> = {
    ...(declaration as unknown as OpDeclaration<string, string, AttrSpecs>),
    inputs: parseOperands(declaration.inputs),
    outputs: parseOperands(declaration.outputs),
    trace: (operands, attrs) =>
      applyOp(op, operands, attrs, currentModule()).outputs as All<O, Tensor>,
  };
  defined.add(op);
  return op;
}

const parseOperands = (declared: Readonly<Record<string, string>>): Operand[] =>
  Object.entries(declared).map(([name, text]) => parseOperand(name, text));

/** A new node that applies `op`; absent operands may be undefined. Graph passes use it to apply an op again. */
export function applyOp(
  op: Op,
  operands: Readonly<Record<string, Tensor | undefined>>,
  attrs: Attrs,
  module: string,
): GraphNode {
  const inputs = present(operands);
  const outputs: Record<string, Tensor> = {};
  const node: GraphNode = { id: nodeCount++, op, inputs, outputs, attrs, module };
  for (const [name, { shape, dtype, order }] of Object.entries(op.shape(inputs, attrs))) {
    const declared = op.outputs.find((output) => output.name === name)?.axes ?? [];
    outputs[name] = new Tensor(shape, dtype, node, order ?? orderOfAxes(declared));
  }
  return node;
}

const present = (operands: Readonly<Record<string, Tensor | undefined>>): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(operands).filter((entry): entry is [string, Tensor] => entry[1] !== undefined),
  );
