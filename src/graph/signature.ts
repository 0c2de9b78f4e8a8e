import type { Attrs } from "../tensor/attrs.js";
import {
  formatShape,
  sameShape,
  type DType,
  type Shape,
  type TensorSpec,
} from "../tensor/shape.js";
import type { AttrForm, AttrSpecs, Range } from "./attributes.js";

/**
 * The type of an operand's elements; `float` is f32 or bf16, one of the two in a whole instruction; `any` is every type, and the op's
 * own rules say which.
 */
export type ElementType = DType | "float" | "any";

/**
 * An operand of an op as declared by name and text, `"bias?": "f32 [Cout]"`.
 *
 * An axis is a name, which has one size in the whole instruction; or a number, its size. `...` as the first axis stands for
 * any number of axes, the same ones for all operands that have it. `[*]` is any shape of the operand's own, which the op's own
 * rules check.
 */
export interface Operand {
  readonly name: string;
  /** Whether instructions may leave it out. */
  readonly isOptional: boolean;
  readonly element: ElementType;
  readonly axes: readonly string[];
}

/** @throws {Error} if the text does not have that form: the declaration of the op is wrong */
export function parseOperand(name: string, text: string): Operand {
  const [, element, axes] = /^(float|any|f32|bf16|i32|u8) \[(.*)\]$/.exec(text) ?? [];
  if (element === undefined || axes === undefined)
    throw new Error(`operand ${name}: "${text}" must be like "f32 [N, C]"`);
  return {
    name: name.replace("?", ""),
    isOptional: name.endsWith("?"),
    element: element as ElementType,
    axes: axes === "" ? [] : axes.split(", "),
  };
}

/** The declared operands and attributes of an op. */
export interface Signature {
  readonly inputs: readonly Operand[];
  readonly outputs: readonly Operand[];
  readonly attrs: AttrSpecs;
}

type Specs = Readonly<Record<string, TensorSpec>>;

/**
 * The first way in which operands and attributes differ from the signature of their op, or null.
 *
 * `native/ops/signature.cc` checks the same by a table that is generated from the same declarations.
 */
export function signatureMismatch(
  { inputs, outputs, attrs: specs }: Signature,
  given: { readonly inputs: Specs; readonly outputs: Specs; readonly attrs: Attrs },
): string | null {
  const axes = new Axes();
  return (
    unknownOperand(inputs, given.inputs) ??
    unknownOperand(outputs, given.outputs) ??
    firstOf(inputs, (operand) => operandMismatch(operand, given.inputs[operand.name], axes)) ??
    firstOf(outputs, (operand) => operandMismatch(operand, given.outputs[operand.name], axes)) ??
    firstOf(Object.keys(given.attrs), (name) =>
      Object.hasOwn(specs, name) ? null : `there is no attribute called ${name}`,
    ) ??
    firstOf(Object.entries(specs), ([name, { form, isOptional }]) => {
      const value = Object.hasOwn(given.attrs, name) ? given.attrs[name] : undefined;
      if (value === undefined) return isOptional ? null : `the attribute ${name} is missing`;
      const expected = attrMismatch(form, value, axes);
      return expected === null ? null : `the attribute ${name} must be ${expected}`;
    })
  );
}

function firstOf<T>(items: readonly T[], finding: (item: T) => string | null): string | null {
  for (const item of items) {
    const found = finding(item);
    if (found !== null) return found;
  }
  return null;
}

const unknownOperand = (declared: readonly Operand[], given: Specs): string | null =>
  firstOf(Object.keys(given), (name) =>
    declared.some((operand) => operand.name === name) ? null : `there is no operand called ${name}`,
  );

/** Sizes of the axes, and the dtype behind `float`, as the operands of one instruction fix them. */
class Axes {
  readonly sizes = new Map<string, number>();
  /** The axes that `...` stands for. */
  rest: Shape | null = null;
  float: DType | null = null;

  /** Whether the axis has this size, here and wherever it occurs. */
  fits(axis: string, size: number): boolean {
    const known = /^\d+$/.test(axis) ? Number(axis) : this.sizes.get(axis);
    if (known === undefined) this.sizes.set(axis, size);
    return known === undefined || known === size;
  }
}

function operandMismatch(
  { name, isOptional, element, axes }: Operand,
  spec: TensorSpec | undefined,
  known: Axes,
): string | null {
  if (!spec) return isOptional ? null : `${name} is missing`;
  const { shape, dtype } = spec;
  const isWrong =
    element === "float"
      ? dtype !== "f32" && dtype !== "bf16"
      : element !== "any" && dtype !== element;
  if (isWrong)
    return `${name} is ${dtype} but must be ${element === "float" ? "f32 or bf16" : element}`;
  if (element === "float") {
    known.float ??= dtype;
    if (known.float !== dtype)
      return `${name} is ${dtype} but must be ${known.float}, as the other operands`;
  }
  if (axes[0] === "*") return null;
  const isAny = axes[0] === "...";
  const named = isAny ? axes.slice(1) : axes;
  const before = shape.length - named.length;
  const rest = shape.slice(0, Math.max(before, 0));
  if (isAny && before >= 0) known.rest ??= rest;
  const fits =
    (isAny ? before >= 0 && sameShape(known.rest ?? rest, rest) : before === 0) &&
    named.every((axis, i) => known.fits(axis, shape[before + i]!));
  return fits
    ? null
    : `${name} has the shape ${formatShape(shape)} but must have ${due(axes, known)}`;
}

/** The axes with the sizes that are known: `[N, C = 10]`. */
const due = (axes: readonly string[], { sizes, rest }: Axes): string => {
  const parts = axes.flatMap((axis): string | readonly string[] => {
    if (axis === "...") return rest?.map(String) ?? axis;
    return sizes.has(axis) ? `${axis} = ${sizes.get(axis)!}` : axis;
  });
  return `[${parts.join(", ")}]`;
};

const inRange = (value: unknown, { least, most, isOpen, isInteger }: Range): boolean =>
  typeof value === "number" &&
  Number.isFinite(value) &&
  value >= least &&
  (isOpen ? value < most : value <= most) &&
  (!isInteger || Number.isInteger(value));

/** `an integer from 1 to 16`. */
function formatRange({ least, most, isOpen, isInteger }: Range, isMany = false): string {
  const noun = isInteger ? "integer" : "number";
  const subject = isMany ? `${noun}s` : isInteger ? "an integer" : "a number";
  const from = least === -Infinity ? "" : ` from ${least}`;
  const to = most === Infinity ? "" : isOpen ? ` to less than ${most}` : ` to ${most}`;
  return `${subject}${from}${to}`;
}

/** A description of the values that are allowed; null if the value is one of them. */
function attrMismatch(form: AttrForm, value: unknown, known: Axes): string | null {
  switch (form.kind) {
    case "number":
      return inRange(value, form.range) ? null : formatRange(form.range);
    case "flag":
      return typeof value === "boolean" ? null : "true or false";
    case "text":
      return typeof value === "string" ? null : "a text";
    case "choice":
      return form.choices.includes(value as string) ? null : listWords(form.choices);
    case "floatDType":
      return value === known.float ? null : `"${known.float ?? "f32"}", as its operands`;
    case "list": {
      const isAny = form.length === "*";
      const length = /^\d+$/.test(form.length) ? Number(form.length) : known.sizes.get(form.length);
      const fits =
        Array.isArray(value) &&
        (isAny || value.length === length) &&
        value.every((each) => inRange(each, form.range));
      return fits ? null : `${isAny ? "" : `${String(length)} `}${formatRange(form.range, true)}`;
    }
    case "sizes": {
      const expected =
        form.axes[0] === "..." ? known.rest : form.axes.map((axis) => known.sizes.get(axis)!);
      const fits =
        Array.isArray(value) &&
        value.length === expected?.length &&
        value.every((size, i) => size === expected[i]);
      return fits ? null : formatShape(expected ?? []);
    }
  }
}

/** `"none", "relu" or "leakyRelu"`. */
const listWords = (words: readonly string[]): string =>
  words
    .map((word) => `"${word}"`)
    .join(", ")
    .replace(/, ([^,]*)$/, " or $1");
