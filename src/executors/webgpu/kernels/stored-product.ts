import type { Kernel } from "../kernel.js";
import { elementProduct } from "./element-product.js";
import { product, quad, type Product } from "./product.js";

/**
 * The kernel of a product whose result may be narrow, or bf16: blocks where they are of use, and else one element at a time. Odd rows of
 * bf16 make words that two blocks would share.
 */
export const storedProduct = (spec: Product): Kernel =>
  spec.columns < quad - 1 || (spec.result.dtype === "bf16" && spec.columns % 2 === 1)
    ? elementProduct(spec)
    : product(spec);
