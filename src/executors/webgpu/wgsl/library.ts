import { binaryHelpers } from "./binary-table.js";
import { mathFunctions } from "./math.js";
import { threefryFunctions } from "./threefry.js";
import { unaryHelpers } from "./unary-table.js";

/** Functions that every kernel may call: `linked` adds those that it does. */
const functions: Readonly<Record<string, string>> = {
  // Two bf16 lie in a word, the first in the lower half. Rounds to the nearest, ties to even; NaN stays NaN.
  unpackBf16:
    "fn unpackBf16(w: u32) -> vec2f { return vec2f(bitcast<f32>(w << 16u), bitcast<f32>(w & 0xffff0000u)); }",
  bf16Bits: `fn bf16Bits(x: f32) -> u32 {
  let w = bitcast<u32>(x);
  return select((w + 0x7fffu + ((w >> 16u) & 1u)) >> 16u, (w >> 16u) | 0x40u, isNan(x));
}`,
  packBf16: "fn packBf16(x: vec2f) -> u32 { return bf16Bits(x.x) | (bf16Bits(x.y) << 16u); }",
  roundBf16: "fn roundBf16(x: f32) -> f32 { return bitcast<f32>(bf16Bits(x) << 16u); }",
  round4:
    "fn round4(x: vec4f) -> vec4f { return vec4f(roundBf16(x.x), roundBf16(x.y), roundBf16(x.z), roundBf16(x.w)); }",
  ...mathFunctions,
  ...threefryFunctions,
  ...unaryHelpers,
  ...binaryHelpers,
};

/** The functions of the library that some WGSL calls, and those that these call. */
export function linked(code: string): string {
  const found = new Map<string, string>();
  const pending = [code];
  for (let text = pending.pop(); text !== undefined; text = pending.pop()) {
    for (const [, name] of text.matchAll(/\b(\w+)\(/g)) {
      if (found.has(name!) || !Object.hasOwn(functions, name!)) continue;
      found.set(name!, functions[name!]!);
      pending.push(functions[name!]!);
    }
  }
  return [...found.keys()]
    .sort()
    .map((name) => found.get(name)!)
    .join("\n");
}
