/**
 * Functions of float32 with errors of a few units in the last place of the largest results; those of WGSL may have more
 * (`sin`, `tanh`, `log` near 1), or do not exist. The algorithms are those of `native/kernels/math.h`. NaN stays NaN.
 */
export const mathFunctions = {
  /** A number by its bits. A variable hides them: NaN and infinities are errors in constant expressions. */
  ofBits: "fn ofBits(bits: u32) -> f32 { var hidden = bits; return bitcast<f32>(hidden); }",
  /** NaN by its bits: implementations may assume that comparisons see none. */
  isNan: "fn isNan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }",
  /** 0 · v: NaN of NaN and of infinities. */
  zeroTimes: `fn zeroTimes(v: f32) -> f32 {
  let isFinite = abs(v) < ofBits(0x7f800000u);
  return select(ofBits(0x7fc00000u), select(0.0, -0.0, v < 0.0), isFinite);
}`,
  /** Within bounds. */
  bounded: `fn bounded(x: f32, low: f32, high: f32) -> f32 {
  let raised = select(x, low, x < low);
  return select(raised, high, raised > high);
}`,
  /** 2^n for n in −126 … 127. */
  powerOfTwo: "fn powerOfTwo(n: i32) -> f32 { return bitcast<f32>(u32(n + 127) << 23u); }",
  /** e^x: a polynomial on half a power of two to both sides of 0, as in Cephes; 0 and infinity beyond float's range. */
  expOf: `fn expOf(x: f32) -> f32 {
  let within = bounded(x, -104.0, 89.0);
  let rounded = round(within * 1.44269504088896341f);
  let r = (within - rounded * 0.693359375f) + rounded * 2.12194440e-4f;
  var q = 1.9875691500e-4f;
  q = q * r + 1.3981999507e-3f;
  q = q * r + 8.3334519073e-3f;
  q = q * r + 4.1665795894e-2f;
  q = q * r + 1.6666665459e-1f;
  q = q * r + 5.0000001201e-1f;
  q = q * r * r + r + 1.0;
  // In two steps, so that the powers stay within float's range.
  let n = i32(rounded);
  let half = n >> 1u;
  let result = q * powerOfTwo(half) * powerOfTwo(n - half);
  return select(result, x, isNan(x));
}`,
  /** The natural logarithm: of the power of two, and a polynomial around 1, as in Cephes. */
  logOf: `fn logOf(x: f32) -> f32 {
  let isSmall = x < 1.17549435e-38f;
  let scaled = select(x, x * 8388608.0, isSmall);
  let bits = bitcast<u32>(scaled);
  let exponent = bitcast<i32>(bits - 0x3f3504f3u) >> 23u; // for a mantissa in √½ … √2
  let m = bitcast<f32>(bits - (bitcast<u32>(exponent) << 23u));
  let e = f32(select(exponent, exponent - 23, isSmall));
  let t = m - 1.0;
  let square = t * t;
  var q = 7.0376836292e-2f;
  q = q * t - 1.1514610310e-1f;
  q = q * t + 1.1676998740e-1f;
  q = q * t - 1.2420140846e-1f;
  q = q * t + 1.4249322787e-1f;
  q = q * t - 1.6668057665e-1f;
  q = q * t + 2.0000714765e-1f;
  q = q * t - 2.4999993993e-1f;
  q = q * t + 3.3333331174e-1f;
  let log = t + (q * t * square - e * 2.12194440e-4f - 0.5 * square) + e * 0.693359375f;
  let infinity = ofBits(0x7f800000u);
  if (x > 0.0) { return select(x, log, x < infinity); }
  return select(ofBits(0x7fc00000u), -infinity, x == 0.0);
}`,
  /**
   * log(1 + x): near 0 the series of 2 · atanh(x / (2 + x)). The usual correction of the rounding of 1 + x is no way: compilers may
   * simplify (1 + x) − 1.
   */
  log1pOf: `fn log1pOf(x: f32) -> f32 {
  if (!(x > -0.3 && x < 0.5)) { return logOf(1.0 + x); }
  let s = x / (2.0 + x);
  let square = s * s;
  var sum = 0.0;
  for (var k = 13.0; k >= 1.0; k -= 2.0) { sum = 1.0 / k + square * sum; }
  return 2.0 * s * sum;
}`,
  /** e^x − 1: a series near 0. */
  expm1Of: `fn expm1Of(x: f32) -> f32 {
  if (!(abs(x) < 0.5)) { return expOf(x) - 1.0; }
  var sum = 1.0;
  for (var k = 10.0; k >= 2.0; k -= 1.0) { sum = 1.0 + x / k * sum; }
  return x * sum;
}`,
  /** tanh(x) as a quotient of polynomials in x², as in Eigen; ±1 from where it rounds to that. */
  tanhOf: `fn tanhOf(x: f32) -> f32 {
  let t = bounded(x, -7.90531110763549805f, 7.90531110763549805f);
  let square = t * t;
  var n = -2.76076847742355e-16f;
  n = n * square + 2.00018790482477e-13f;
  n = n * square - 8.60467152213735e-11f;
  n = n * square + 5.12229709037114e-08f;
  n = n * square + 1.48572235717979e-05f;
  n = n * square + 6.37261928875436e-04f;
  n = n * square + 4.89352455891786e-03f;
  var d = 1.19825839466702e-06f;
  d = d * square + 1.18534705686654e-04f;
  d = d * square + 2.26843463243900e-03f;
  d = d * square + 4.89352518554385e-03f;
  return t * n / d;
}`,
  /** erf(x) as a quotient of polynomials in x², as in XLA; ±1 from where it rounds to that. */
  erfOf: `fn erfOf(x: f32) -> f32 {
  let t = bounded(x, -4.0, 4.0);
  let square = t * t;
  var n = -2.72614225801306e-10f;
  n = n * square + 2.77068142495902e-08f;
  n = n * square - 2.10102402082508e-06f;
  n = n * square - 5.69250639462346e-05f;
  n = n * square - 7.34990630326855e-04f;
  n = n * square - 2.95459980854025e-03f;
  n = n * square - 1.60960333262415e-02f;
  var d = -1.45660718464996e-05f;
  d = d * square - 2.13374055278905e-04f;
  d = d * square - 1.68282697438203e-03f;
  d = d * square - 7.37332916720468e-03f;
  d = d * square - 1.42647390514189e-02f;
  return t * n / d;
}`,
  /** sin(x) of a shift by a quarter turn: polynomials on −π/4 … π/4, as in Cephes. π/2 in three parts reaches to |x| of 8192. */
  sineOf: `fn sineOf(x: f32, quarters: i32) -> f32 {
  let turns = round(x * 0.636619772367581f);
  let r = ((x - turns * 1.5703125) - turns * 4.83751296997070e-4f) - turns * 7.54978995489188e-8f;
  let square = r * r;
  let sine = ((-1.9515295891e-4f * square + 8.3321608736e-3f) * square - 1.6666654611e-1f) * square * r + r;
  let cosine = ((2.443315711809948e-5f * square - 1.388731625493765e-3f) * square + 4.166664568298827e-2f) * square * square - 0.5 * square + 1.0;
  let quadrant = (i32(turns) + quarters) & 3;
  let value = select(sine, cosine, (quadrant & 1) == 1);
  return select(value, -value, quadrant >= 2);
}`,
  sinOf: "fn sinOf(x: f32) -> f32 { return sineOf(x, 0); }",
  cosOf: "fn cosOf(x: f32) -> f32 { return sineOf(x, 1); }",
  /** a^n for n of 0 … 64, by squaring. */
  wholePower: `fn wholePower(a: f32, n: u32) -> f32 {
  var result = 1.0;
  var square = a;
  for (var rest = n; rest > 0u; rest >>= 1u) {
    if ((rest & 1u) == 1u) { result *= square; }
    square *= square;
  }
  return result;
}`,
  /** a^b with the exceptions of C. */
  powOf: `fn powOf(a: f32, b: f32) -> f32 {
  let infinity = ofBits(0x7f800000u);
  let size = abs(b);
  if (a == 1.0 || b == 0.0 || (a == -1.0 && size == infinity)) { return 1.0; }
  if (isNan(a) || isNan(b)) { return a + b; }
  let isWhole = size >= 8388608.0 || floor(b) == b;
  if (isWhole && size <= 64.0) {
    let power = wholePower(a, u32(size));
    return select(power, 1.0 / power, b < 0.0);
  }
  if (a < 0.0 && a > -infinity && !isWhole) { return ofBits(0x7fc00000u); }
  let power = expOf(b * logOf(abs(a)));
  let isOdd = isWhole && size < 16777216.0 && fract(size * 0.5) != 0.0;
  let isNegative = isOdd && (bitcast<u32>(a) >> 31u) == 1u;
  return select(power, -power, isNegative);
}`,
};
