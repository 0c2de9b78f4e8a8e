import { Tensor } from "../graph/tensor.js";
import type { AnyModule, Module } from "../nn/module.js";
import type { HostArray } from "../tensor/host-array.js";

/** One value, or several by position or name: what a module takes or returns. */
export type Several<T> = T | readonly T[] | Readonly<Record<string, T>>;

/** What a module returns while it is traced. */
export type OutputOf<M extends AnyModule> = M extends Module<never, infer Output> ? Output : never;

type ArraysOf<Output> = Output extends Tensor
  ? HostArray
  : { readonly [K in keyof Output]: HostArray };

/** The values of what a module returns: an array, or several by the same positions or names. */
export type OutputArrays<M extends AnyModule> = ArraysOf<OutputOf<M>>;

const isOne = (value: object): boolean =>
  value instanceof Tensor || ("shape" in value && "dtype" in value);

/** The parts under names in a program: `x` for one value, `x/NAME` or `x/0` for one of several. */
export function partsOf<T extends object>(name: string, value: Several<T>): Record<string, T> {
  if (isOne(value)) return { [name]: value as T };
  const parts = Object.entries(value).map(([key, part]) => [`${name}/${key}`, part as T]);
  return Object.fromEntries(parts) as Record<string, T>;
}

/** A value of the form of another one, made from its parts under their names in a program. */
export function likeParts<T extends object, U>(
  name: string,
  value: Several<T>,
  make: (part: T, name: string) => U,
): Several<U> {
  if (isOne(value)) return make(value as T, name);
  if (Array.isArray(value)) return value.map((part: T, i) => make(part, `${name}/${i}`));
  const parts = Object.entries(value).map(
    ([key, part]) => [key, make(part as T, `${name}/${key}`)] as const,
  );
  return Object.fromEntries(parts);
}

/** Calls a model with one input or several; TypeScript cannot tell that they are what this model takes. */
export const callModel = (model: AnyModule, x: Several<Tensor>): Several<Tensor> =>
  (model as Module<Several<Tensor>, Several<Tensor>>).call(x);
