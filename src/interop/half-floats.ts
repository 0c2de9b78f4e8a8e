/** The two 16-bit floating-point formats, widened to 32 bits: every value is exact. */

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** @param bits a bfloat16: the upper half of a float32 */
export function bfloat16ToFloat32(bits: number): number {
  word[0] = bits << 16;
  return float[0]!;
}

/** @param bits an IEEE 754 binary16: sign, 5 bits of exponent biased by 15, 10 of fraction */
export function float16ToFloat32(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24; // subnormal, or zero with its sign
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
