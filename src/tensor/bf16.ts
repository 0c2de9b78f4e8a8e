/**
 * bfloat16: the upper half of a float32, so 8 bits of exponent and 7 of mantissa. On the host a value is its 16 bits,
 * in a `Uint16Array`.
 */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The bits of the nearest bfloat16, ties to even. NaN becomes a quiet NaN; too large a value an infinity. */
export function bf16Bits(value: number): number {
  float[0] = value;
  const word = bits[0]!;
  if (Number.isNaN(value)) return (word >>> 16) | 0x40;
  return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
}

/** Values as bits, each rounded to the nearest, into `target` where it is given. */
export function encodeBf16(
  values: ArrayLike<number>,
  target: Uint16Array = new Uint16Array(values.length),
): Uint16Array {
  for (let i = 0; i < values.length; i++) target[i] = bf16Bits(values[i]!);
  return target;
}

/** Bits as float32, which is exact. */
export function decodeBf16(encoded: Uint16Array): Float32Array {
  const words = new Uint32Array(encoded.length);
  for (let i = 0; i < encoded.length; i++) words[i] = encoded[i]! << 16;
  return new Float32Array(words.buffer);
}

/** Float32 values rounded to the nearest bfloat16. */
export const roundToBf16 = (values: ArrayLike<number>): Float32Array =>
  decodeBf16(encodeBf16(values));
