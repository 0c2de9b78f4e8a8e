/** The two 16-bit floating-point formats, widened to 32 bits: every value is exact. */

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** @param bits a bfloat16: the upper half of a float32 */
export function bfloat16ToFloat32(bits: number): number {
  word[0] = bits << 16;
  return float[0]!;
}

/** The difference of the exponents' biases, 127 and 15, as a factor. */
const rebias = 2 ** 112;

/** @param bits an IEEE 754 binary16: sign, 5 bits of exponent biased by 15, 10 of fraction */
export function float16ToFloat32(bits: number): number {
  const magnitude = bits & 0x7fff;
  word[0] = ((bits & 0x8000) << 16) | (magnitude << 13); // exponent and fraction where float32 has its own
  if (magnitude < 0x7c00) return float[0]! * rebias; // of subnormals too: they are float32's, too small by as much
  word[0] |= 0x7f800000; // infinity, or no number
  return float[0]!;
}
