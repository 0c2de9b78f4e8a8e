// math.h: functions without branches and calls, of one value, so that compilers make vectors of the loops around them.
// NaN stays NaN. Errors are a few units in the last place of the largest results.

#pragma once
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

/** Within bounds; NaN stays NaN. */
RESNET_INLINE float bounded(float x, float low, float high) {
  const float raised = x < low ? low : x;
  return raised > high ? high : raised;
}

/** 2^n for n in −126 … 127. */
RESNET_INLINE float powerOfTwo(int32_t n) {
  const uint32_t bits = static_cast<uint32_t>(n + 127) << 23;
  float power;
  __builtin_memcpy(&power, &bits, sizeof power);
  return power;
}

/** e^x: a polynomial on half a power of two to both sides of 0, as in Cephes; 0 and infinity beyond float's range. */
RESNET_INLINE float expOf(float x) {
  constexpr float magic = 12582912;  // 1.5 · 2^23: adding it rounds to an integer, which is in the lower bits
  const float within = bounded(x, -104, 89);
  const float shifted = within * 1.44269504088896341f + magic;
  const float rounded = shifted - magic;
  int32_t n;
  __builtin_memcpy(&n, &shifted, sizeof n);
  n -= 0x4b400000;
  const float r = (within - rounded * 0.693359375f) + rounded * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1;
  // In two steps, so that results below the smallest normal number come out.
  const int32_t half = n >> 1;
  return p * powerOfTwo(half) * powerOfTwo(n - half);
}

/** The natural logarithm: of the power of two, and a polynomial around 1, as in Cephes. */
RESNET_INLINE float logOf(float x) {
  constexpr float smallest = 1.17549435e-38f, infinity = __builtin_inff();
  const bool isSmall = x < smallest;
  const float scaled = isSmall ? x * 8388608 : x;  // 2^23
  uint32_t bits;
  __builtin_memcpy(&bits, &scaled, sizeof bits);
  // The exponent for a mantissa in √½ … √2. Unsigned: of a negative x, signed numbers would overflow.
  const int32_t exponent = static_cast<int32_t>(bits - 0x3f3504f3u) >> 23;
  const uint32_t mantissa = bits - (static_cast<uint32_t>(exponent) << 23);
  float m;
  __builtin_memcpy(&m, &mantissa, sizeof m);
  const float e = static_cast<float>(isSmall ? exponent - 23 : exponent), t = m - 1, square = t * t;
  float p = 7.0376836292e-2f;
  p = p * t - 1.1514610310e-1f;
  p = p * t + 1.1676998740e-1f;
  p = p * t - 1.2420140846e-1f;
  p = p * t + 1.4249322787e-1f;
  p = p * t - 1.6668057665e-1f;
  p = p * t + 2.0000714765e-1f;
  p = p * t - 2.4999993993e-1f;
  p = p * t + 3.3333331174e-1f;
  const float log = t + (p * t * square - e * 2.12194440e-4f - 0.5f * square) + e * 0.693359375f;
  const float positive = x < infinity ? log : x;  // infinity and NaN stay
  return x > 0 ? positive : x == 0 ? -infinity : __builtin_nanf("");
}

/** log(1 + x), exact near 0: the rounding of 1 + x is made good for. */
RESNET_INLINE float log1pOf(float x) {
  const float sum = 1 + x;
  const float log = logOf(sum) * (x / (sum - 1)), nearby = sum == 1 ? x : log;
  return x == __builtin_inff() ? x : nearby;
}

/** tanh(x) as a quotient of polynomials in x², as in Eigen; ±1 from where it rounds to that. */
RESNET_INLINE float tanhOf(float x) {
  const float t = bounded(x, -7.90531110763549805f, 7.90531110763549805f), square = t * t;
  float p = -2.76076847742355e-16f;
  p = p * square + 2.00018790482477e-13f;
  p = p * square + -8.60467152213735e-11f;
  p = p * square + 5.12229709037114e-08f;
  p = p * square + 1.48572235717979e-05f;
  p = p * square + 6.37261928875436e-04f;
  p = p * square + 4.89352455891786e-03f;
  float q = 1.19825839466702e-06f;
  q = q * square + 1.18534705686654e-04f;
  q = q * square + 2.26843463243900e-03f;
  q = q * square + 4.89352518554385e-03f;
  return t * p / q;
}

/** erf(x) as a quotient of polynomials in x², as in XLA; ±1 from where it rounds to that. */
RESNET_INLINE float erfOf(float x) {
  const float t = bounded(x, -4, 4), square = t * t;
  float p = -2.72614225801306e-10f;
  p = p * square + 2.77068142495902e-08f;
  p = p * square + -2.10102402082508e-06f;
  p = p * square + -5.69250639462346e-05f;
  p = p * square + -7.34990630326855e-04f;
  p = p * square + -2.95459980854025e-03f;
  p = p * square + -1.60960333262415e-02f;
  float q = -1.45660718464996e-05f;
  q = q * square + -2.13374055278905e-04f;
  q = q * square + -1.68282697438203e-03f;
  q = q * square + -7.37332916720468e-03f;
  q = q * square + -1.42647390514189e-02f;
  return t * p / q;
}

}  // namespace
}  // namespace RESNET_ISA
}  // namespace resnet
