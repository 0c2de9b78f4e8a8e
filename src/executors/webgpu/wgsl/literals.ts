/** A number as a WGSL literal of type f32. */
export function f32(value: number): string {
  const text = String(Math.fround(value));
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}

/** A whole number of 0 or more as a literal of type u32. */
export const u32 = (value: number): string => `${value}u`;
