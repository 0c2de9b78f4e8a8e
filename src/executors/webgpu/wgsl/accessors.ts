import type { DType } from "../../../tensor/shape.js";

/** An operand as a kernel's text sees it. */
export interface BoundOperand {
  readonly name: string;
  /** The variable of its binding, which operands in one place share. */
  readonly variable: string;
  readonly dtype: DType;
  readonly width: 1 | 4;
  readonly isWritten: boolean;
}

/**
 * The element type of a binding. WGSL has neither bf16 nor bytes, so these are read out of words.
 */
export const bindingType = (dtype: DType, width: 1 | 4): string =>
  ({
    f32: width === 4 ? "vec4f" : "f32",
    i32: "i32",
    bf16: width === 4 ? "vec2u" : "u32",
    u8: "u32",
  })[dtype];

/**
 * The functions by which a kernel accesses an operand `x`; `i` counts elements:
 *
 *     x(i)               one element, f32 of f32 and bf16, i32 or u32 of i32 and u8      width 1
 *     x4(i)              four elements from i on, a multiple of 4                        width 4
 *     set_x(i, v)        f32 and i32                                                     width 1
 *     set_x2(i, vec2f)   bf16: both halves of a word, i even                             width 1
 *     set_x4(i, v)       four elements; bytes as vec4u                                   width 4, or u8
 */
export function accessorsOf({ name, variable: v, dtype, width, isWritten }: BoundOperand): string {
  const writer = (text: string): string => (isWritten ? `\n${text}` : "");
  if (width === 4) {
    return dtype === "bf16"
      ? `fn ${name}4(i: u32) -> vec4f { let w = ${v}[i >> 2u]; return vec4f(unpackBf16(w.x), unpackBf16(w.y)); }` +
          writer(
            `fn set_${name}4(i: u32, x: vec4f) { ${v}[i >> 2u] = vec2u(packBf16(x.xy), packBf16(x.zw)); }`,
          )
      : `fn ${name}4(i: u32) -> vec4f { return ${v}[i >> 2u]; }` +
          writer(`fn set_${name}4(i: u32, x: vec4f) { ${v}[i >> 2u] = x; }`);
  }
  switch (dtype) {
    case "f32":
    case "i32":
      return (
        `fn ${name}(i: u32) -> ${dtype} { return ${v}[i]; }` +
        writer(`fn set_${name}(i: u32, x: ${dtype}) { ${v}[i] = x; }`)
      );
    case "bf16":
      return (
        `fn ${name}(i: u32) -> f32 { return bitcast<f32>((${v}[i >> 1u] >> ((i & 1u) * 16u)) << 16u); }` +
        writer(`fn set_${name}2(i: u32, x: vec2f) { ${v}[i >> 1u] = packBf16(x); }`)
      );
    case "u8":
      return (
        `fn ${name}(i: u32) -> u32 { return (${v}[i >> 2u] >> ((i & 3u) * 8u)) & 255u; }` +
        writer(
          `fn set_${name}4(i: u32, x: vec4u) { ${v}[i >> 2u] = x.x | (x.y << 8u) | (x.z << 16u) | (x.w << 24u); }`,
        )
      );
  }
}
