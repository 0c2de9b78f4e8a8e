import { UsageError } from "./error.js";

/**
 * Type of one element. `f32` for parameters, statistics and losses; `f32` or `bf16` for activations and their
 * gradients; `i32` for indices, `u8` for image bytes.
 */
export type DType = "f32" | "bf16" | "i32" | "u8";

/** Types that activations are stored in. */
export type FloatDType = "f32" | "bf16";

/** Bytes of one element. */
export const bytesPerElement: Readonly<Record<DType, number>> = { f32: 4, bf16: 2, i32: 4, u8: 1 };

/** Sizes of the axes, outermost first. `[]` is a scalar. */
export type Shape = readonly number[];

/** The shape and dtype of a tensor, known before it has data. */
export interface TensorSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Number of elements. */
export const sizeOf = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

export const formatShape = (shape: Shape): string => `[${shape.join(", ")}]`;

/** `f32 [28, 28, 512, 1]`. */
export const describeSpec = ({ dtype, shape }: TensorSpec): string =>
  `${dtype} ${formatShape(shape)}`;

/** A tensor in a shape error: its shape, and the names of its axes where they help. */
export interface NamedShape {
  readonly shape: Shape;
  readonly axes?: string;
}

/** Thrown while tracing, when an op's inputs do not fit together. */
export class ShapeError extends UsageError {
  override readonly name = "ShapeError";

  /**
   * @param op name of the op
   * @param what the finding, with both numbers
   * @param tensors the tensors concerned, printed one per line with their axes
   */
  constructor(
    private readonly op: string,
    private readonly what: string,
    private readonly tensors: Readonly<Record<string, NamedShape>>,
  ) {
    super("ERR_SHAPE", describeShapes(op, what, tensors));
  }

  /** Prints the axes in the order in which users count them, as PyTorch: `N C H W`. */
  override inModule(path: string): this {
    const { op, what, tensors } = this;
    const turned = Object.entries(tensors).map(
      ([name, each]) => [name, inUserOrder(each)] as const,
    );
    this.message = this.message.replace(
      describeShapes(op, what, tensors),
      describeShapes(op, what, Object.fromEntries(turned)),
    );
    return super.inModule(path);
  }
}

function describeShapes(
  op: string,
  what: string,
  tensors: Readonly<Record<string, NamedShape>>,
): string {
  const entries = Object.entries(tensors);
  const width = Math.max(...entries.map(([name]) => name.length));
  const shapeWidth = Math.max(...entries.map(([, { shape }]) => formatShape(shape).length));
  const rows = entries.map(([name, { shape, axes }]) =>
    `\n  ${name.padEnd(width)}  ${formatShape(shape).padEnd(shapeWidth)}   ${axes ?? ""}`.trimEnd(),
  );
  return `${op}: ${what}${rows.join("")}`;
}

/** The names of axes in memory, and the order in which users count them: of images, filters and matrices. */
const userOrders: readonly (readonly [RegExp, readonly number[]])[] = [
  [/^O?H O?W N \S+$/, [2, 3, 0, 1]],
  [/^KH KW \S+ \S+$/, [3, 2, 0, 1]],
  [/^In Out$/, [1, 0]],
];

function inUserOrder({ shape, axes = "" }: NamedShape): NamedShape {
  const order = userOrders.find(([names]) => names.test(axes))?.[1];
  if (!order) return { shape, axes };
  const turn = <T>(values: readonly T[]): readonly T[] => order.map((axis) => values[axis]!);
  return {
    shape: shape.length === order.length ? turn(shape) : shape,
    axes: turn(axes.split(" ")).join(" "),
  };
}

export type Shape4 = readonly [number, number, number, number];

/** The four sizes of a 4-axis shape. `op`, `name` and `axes` speak in the error. */
export function dims4(
  { shape }: { readonly shape: Shape },
  op = "",
  name = "x",
  axes = "H W N C",
): Shape4 {
  const [a, b, c, d] = shape;
  if (shape.length !== 4) {
    throw new ShapeError(op, `${name} needs 4 axes but has ${shape.length}`, {
      [name]: { shape, axes },
    });
  }
  return [a!, b!, c!, d!];
}

/** The two sizes of a 2-axis shape. `op`, `name` and `axes` speak in the error. */
export function dims2(
  { shape }: { readonly shape: Shape },
  op = "",
  name = "x",
  axes = "N C",
): readonly [number, number] {
  const [a, b] = shape;
  if (shape.length !== 2) {
    throw new ShapeError(op, `${name} needs 2 axes but has ${shape.length}`, {
      [name]: { shape, axes },
    });
  }
  return [a!, b!];
}
