import type { AttrValue } from "../tensor/attrs.js";
import type { FloatDType, Shape } from "../tensor/shape.js";

/** The numbers that an attribute may take: `least … most`, with `most` itself left out where `isOpen`. */
export interface Range {
  readonly least: number;
  readonly most: number;
  readonly isOpen: boolean;
  readonly isInteger: boolean;
}

/** The form of an attribute's value, as data: executors in other languages check programs by it. */
export type AttrForm =
  | { readonly kind: "number"; readonly range: Range }
  | { readonly kind: "flag" }
  /** A text whose form the op's own rules check. */
  | { readonly kind: "text" }
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  /** The dtype of the operands declared as `float`. */
  | { readonly kind: "floatDType" }
  /** As many numbers as the axis `length` has elements; or a fixed count, `"2"`; or any count, `"*"`. */
  | { readonly kind: "list"; readonly length: string; readonly range: Range }
  /** The sizes of these axes of the operands; `...` stands for all axes of the operands of any shape. */
  | { readonly kind: "sizes"; readonly axes: readonly string[] };

/** The declaration of an attribute whose values have the type `T`. */
export interface AttrSpec<T extends AttrValue = AttrValue, Optional extends boolean = boolean> {
  readonly form: AttrForm;
  readonly isOptional: Optional;
  /** Exists for the type only. */
  readonly value?: T;
}

export type AttrSpecs = Readonly<Record<string, AttrSpec>>;

type ValueOf<S> = S extends AttrSpec<infer T> ? T : never;

/** The attributes that a declaration describes. */
export type AttrsOf<S extends AttrSpecs> = {
  readonly [K in keyof S as S[K] extends AttrSpec<AttrValue, true> ? never : K]: ValueOf<S[K]>;
} & {
  readonly [K in keyof S as S[K] extends AttrSpec<AttrValue, true> ? K : never]?: ValueOf<S[K]>;
};

/** Bounds of numbers: `least ≤ value ≤ most`, or `value < below`. */
interface Bounds {
  readonly least?: number;
  readonly most?: number;
  readonly below?: number;
}

const rangeOf = (
  { least = -Infinity, most = Infinity, below }: Bounds,
  isInteger = false,
): Range =>
  below === undefined
    ? { least, most, isOpen: false, isInteger }
    : { least, most: below, isOpen: true, isInteger };

const required = <T extends AttrValue>(form: AttrForm): AttrSpec<T, false> => ({
  form,
  isOptional: false,
});

/** A finite number. */
export const number = (bounds: Bounds = {}): AttrSpec<number, false> =>
  required({ kind: "number", range: rangeOf(bounds) });

/** An integer. */
export const integer = (bounds: Bounds): AttrSpec<number, false> =>
  required({ kind: "number", range: rangeOf(bounds, true) });

/** True or false. */
export const flag: AttrSpec<boolean, false> = required({ kind: "flag" });

/** A text, whose form the op's shape rule checks. */
export const text: AttrSpec<string, false> = required({ kind: "text" });

/** One of some words. */
export const choice = <const T extends string>(...choices: readonly T[]): AttrSpec<T, false> =>
  required({ kind: "choice", choices });

/** The dtype in which the instruction's `float` operands are stored. */
export const floatDType: AttrSpec<FloatDType, false> = required({ kind: "floatDType" });

/** One number for each element of an axis. */
export const numbers = (axis: string, bounds: Bounds = {}): AttrSpec<readonly number[], false> =>
  required({ kind: "list", length: axis, range: rangeOf(bounds) });

/** Any count of numbers. */
export const anyNumbers: AttrSpec<readonly number[], false> = required({
  kind: "list",
  length: "*",
  range: rangeOf({}),
});

/** Any count of integers. */
export const integers = (bounds: Bounds = {}): AttrSpec<readonly number[], false> =>
  required({ kind: "list", length: "*", range: rangeOf(bounds, true) });

/** Two integers. */
export const integerPair = (bounds: Bounds): AttrSpec<readonly [number, number], false> =>
  required({ kind: "list", length: "2", range: rangeOf(bounds, true) });

/** The sizes of two axes. */
export const sizes = (...axes: [string, string]): AttrSpec<readonly [number, number], false> =>
  required({ kind: "sizes", axes });

/** The whole shape of the operands declared as `[...]`. */
export const wholeShape: AttrSpec<Shape, false> = required({ kind: "sizes", axes: ["..."] });

/** The same attribute, which instructions may leave out. */
export const optional = <T extends AttrValue>({ form }: AttrSpec<T, false>): AttrSpec<T, true> => ({
  form,
  isOptional: true,
});
