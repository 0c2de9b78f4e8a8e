// Every case that every executor must pass: all ops on awkward shapes.
import { inBf16 } from "./conformance-bf16.js";
import type { ConformanceCase } from "./conformance-case.js";
import { elementwiseCases } from "./conformance-elementwise.js";
import { generalCases } from "./conformance-general.js";
import { normCases } from "./conformance-norms.js";
import { optimizerCases } from "./conformance-optimizers.js";
import { otherCases } from "./conformance-others.js";
import { poolingCases } from "./conformance-pooling.js";
import { productCases } from "./conformance-products.js";

/** Drawing takes longer than most kernels, so operands are drawn when first asked for, and kept. */
function drawnOnce(each: ConformanceCase): ConformanceCase {
  let drawn: ReturnType<ConformanceCase["inputs"]> | undefined;
  return { ...each, inputs: () => (drawn ??= each.inputs()) };
}

const cases: readonly ConformanceCase[] = [
  ...productCases,
  ...normCases,
  ...poolingCases,
  ...otherCases,
  ...elementwiseCases,
  ...generalCases,
  ...optimizerCases,
].map(drawnOnce);

export const conformanceCases: readonly ConformanceCase[] = [
  ...cases,
  ...cases.flatMap(inBf16).map(drawnOnce),
];
