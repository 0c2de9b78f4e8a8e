// What the cases of ops on tensors of any rank share: shapes, and a short form.
import type { Attrs } from "../../src/tensor/attrs.js";
import type { HostArray } from "../../src/tensor/host-array.js";
import type { Shape } from "../../src/tensor/shape.js";
import type { ConformanceCase } from "./conformance-case.js";

export type Inputs = Readonly<Record<string, HostArray>>;

export interface CaseOptions {
  readonly attrs?: Attrs;
  readonly outputs?: readonly string[];
  readonly rtol?: number;
}

export const one = (
  op: string,
  name: string,
  inputs: () => Inputs,
  { attrs = {}, outputs = ["y"], rtol = 0 }: CaseOptions = {},
): ConformanceCase => ({ op, name, attrs, inputs, outputs, rtol });

/** Ranks 0 to 5; no multiple of any vector. */
export const shapes: readonly Shape[] = [
  [],
  [1],
  [7],
  [33, 5],
  [3, 1, 65],
  [2, 3, 2, 17],
  [2, 1, 3, 2, 5],
];

export const title = (...all: readonly Shape[]): string =>
  all.map((shape) => `[${shape.join(", ")}]`).join(" and ");

/** Pairs that broadcast: alike, along first, middle and last axes, both ways, and in another rank. */
export const pairs: readonly (readonly [Shape, Shape])[] = [
  [[], []],
  [[7], []],
  [[3, 33], [33]],
  [
    [3, 33],
    [3, 1],
  ],
  [
    [2, 1, 5],
    [3, 1],
  ],
  [
    [2, 3, 2, 17],
    [2, 3, 2, 17],
  ],
  [
    [2, 3, 2, 17],
    [3, 1, 1],
  ],
  [
    [1, 5],
    [2, 3, 1, 5],
  ],
];
