// unary.cc
//
// Functions of one number, element by element, and their gradients; an output may be the memory of an input.
// src/ops/unary-functions.ts has the same table. Values of NaN, infinities and -0 are PyTorch's.

#include "declare.h"
#include "math.h"
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

constexpr float rootHalf = 0.70710678118654752f;     // 1/√2
constexpr float rootTwoOverPi = 0.79788456080286536f;  // √(2/π)
constexpr float twoOverRootPi = 1.12837916709551257f;  // 2/√π
constexpr float density = 0.39894228040143268f;        // 1/√(2π)

RESNET_INLINE float signOf(float x) { return static_cast<float>((x > 0) - (x < 0)); }
RESNET_INLINE float sigmoidOf(float x) { return 1 / (1 + expOf(-x)); }
/** (1 + tanh(u)) / 2 is 1 / (1 + e^(−2u)). */
RESNET_INLINE float geluInner(float x) { return rootTwoOverPi * (x + 0.044715f * x * x * x); }
RESNET_INLINE float geluTanhGrad(float x) {
  const float u = geluInner(x), slope = rootTwoOverPi * (1 + 3 * 0.044715f * x * x);
  const float e = expOf(-2 * __builtin_fabsf(u));
  return 1 / (1 + expOf(-2 * u)) + 2 * x * slope * (e / ((1 + e) * (1 + e)));
}
/** log(1 + e^(beta·x)) / beta, which must not overflow; x itself above the threshold. */
RESNET_INLINE float softplusOf(float x, float beta, float threshold) {
  const float scaled = x * beta, u = expOf(-__builtin_fabsf(scaled));
  const float soft = ((scaled > 0 ? scaled : 0) + log1pOf(u)) / beta;
  return scaled > threshold ? x : soft;
}
RESNET_INLINE float normalIntegral(float x) { return 0.5f * (1 + erfOf(x * rootHalf)); }
RESNET_INLINE float hardSixth(float x) { return bounded(x + 3, 0, 6) / 6; }

// X(name, value of x, gradient of dy and x or y)
#define RESNET_UNARY_TABLE(X)                                                                      \
  X(neg, -x, -dy)                                                                                  \
  X(abs, __builtin_fabsf(x), dy * signOf(x))                                                       \
  X(sign, signOf(x), 0 * (dy == dy && x == x))                                                     \
  X(square, x * x, dy * 2 * x)                                                                     \
  X(reciprocal, 1 / x, -dy * x * x)                                                                \
  X(sqrt, __builtin_sqrtf(x), dy / (2 * x))                                                        \
  X(rsqrt, 1 / __builtin_sqrtf(x), -0.5f * dy * x * x * x)                                         \
  X(exp, expOf(x), dy * x)                                                                         \
  X(expm1, __builtin_expm1f(x), dy * (x + 1))                                                      \
  X(log, logOf(x), dy / x)                                                                \
  X(log1p, log1pOf(x), dy / (x + 1))                                                      \
  X(sin, __builtin_sinf(x), dy * __builtin_cosf(x))                                                \
  X(cos, __builtin_cosf(x), -dy * __builtin_sinf(x))                                               \
  X(erf, erfOf(x), dy * twoOverRootPi * expOf(-x * x))                                             \
  X(sigmoid, sigmoidOf(x), dy * (1 - x) * x)                                                       \
  X(tanh, tanhOf(x), dy * (1 - x * x))                                                             \
  X(silu, x / (1 + expOf(-x)), dy * sigmoidOf(x) * (1 + x * (1 - sigmoidOf(x))))                   \
  X(gelu, x * normalIntegral(x),                                                                   \
    dy * (normalIntegral(x) + x * density * expOf(-0.5f * x * x)))                                 \
  X(geluTanh, x / (1 + expOf(-2 * geluInner(x))), dy * geluTanhGrad(x))                            \
  X(hardSigmoid, hardSixth(x), x > -3 && x < 3 ? dy / 6 : 0)                                       \
  X(hardSwish, x * hardSixth(x), x <= -3 ? 0 : x < 3 ? dy * (x / 3 + 0.5f) : dy)                   \
  X(relu6, bounded(x, 0, 6), x <= 0 || x >= 6 ? 0 : dy)                                            \
  X(softplus, softplusOf(x, p, q), x * p > q ? dy : dy * sigmoidOf(x * p))                         \
  X(clamp, bounded(x, p, q), x >= p && x <= q ? dy : 0)

template <class T, class F>
RESNET_INLINE void map(const T* from, T* to, long n, const F& function) {
  RESNET_IVDEP
  for (long i = 0; i < n; i++) put(to + i, function(get(One{}, from + i)));
}

template <class T, class F>
RESNET_INLINE void mapGrad(const T* dy, const T* at, T* dx, long n, const F& function) {
  RESNET_IVDEP
  for (long i = 0; i < n; i++) put(dx + i, function(get(One{}, dy + i), get(One{}, at + i)));
}

template <class T>
void unaryAll(UnaryFunction function, const T* from, T* to, long n) {
  [[maybe_unused]] const float p = function.p, q = function.q;
  switch (function.name) {
#define RESNET_VALUE(name, value, gradient) \
  case Unary::name: return map(from, to, n, [=](float x) -> float { return value; });
    RESNET_UNARY_TABLE(RESNET_VALUE)
  }
}

template <class T>
void unaryGradAll(UnaryFunction function, const T* dys, const T* at, T* dx, long n) {
  [[maybe_unused]] const float p = function.p, q = function.q;
  switch (function.name) {
#define RESNET_GRADIENT(name, value, gradient) \
  case Unary::name: return mapGrad(dys, at, dx, n, [=](float dy, float x) -> float { \
    (void)x;                                                                         \
    return gradient;                                                                 \
  });
    RESNET_UNARY_TABLE(RESNET_GRADIENT)
  }
}

}  // namespace

#define RESNET_UNARY(T)                                                                          \
  void unary(UnaryFunction function, const T* x, T* y, long n) { unaryAll(function, x, y, n); }  \
  void unaryGrad(UnaryFunction function, const T* dy, const T* at, T* dx, long n) {              \
    unaryGradAll(function, dy, at, dx, n);                                                       \
  }

RESNET_UNARY(float)
RESNET_UNARY(bf16)

}  // namespace RESNET_ISA
}  // namespace resnet
