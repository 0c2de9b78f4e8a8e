// Every case that every executor must pass: all ops on awkward shapes.
import type { ConformanceCase } from "./conformance-case.js";
import { normCases } from "./conformance-norms.js";
import { otherCases } from "./conformance-others.js";
import { poolingCases } from "./conformance-pooling.js";
import { productCases } from "./conformance-products.js";

/** Drawing takes longer than most kernels, so operands are drawn when first asked for, and kept. */
function drawnOnce(each: ConformanceCase): ConformanceCase {
  let drawn: ReturnType<ConformanceCase["inputs"]> | undefined;
  return { ...each, inputs: () => (drawn ??= each.inputs()) };
}

export const conformanceCases: readonly ConformanceCase[] = [
  ...productCases,
  ...normCases,
  ...poolingCases,
  ...otherCases,
].map(drawnOnce);
