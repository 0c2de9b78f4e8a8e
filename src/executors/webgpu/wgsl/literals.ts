/** A number as a WGSL expression of type f32. Literals cannot be NaN or infinite: these are made of their bits. */
export function f32(value: number): string {
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded))
    return rounded > 0
      ? "ofBits(0x7f800000u)"
      : rounded < 0
        ? "ofBits(0xff800000u)"
        : "ofBits(0x7fc00000u)";
  const text = Object.is(rounded, -0) ? "-0.0" : String(rounded);
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}

/** A whole number of more than −2^32 and less than 2^32 as a literal of type u32, modulo 2^32. */
export const u32 = (value: number): string => `${value >>> 0}u`;
