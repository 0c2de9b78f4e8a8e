// elementwise.cc
//
// One pass over flat arrays. An output may be the very memory of an input of its type.

#include "activation.h"
#include "declare.h"
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

template <Activation A, class T>
void activateAll(const T* x, T* y, long n, float slope) {
  forLanes(n, [&](auto lane, long i) { put(y + i, activateValue<A>(get(lane, x + i), slope)); });
}

template <class T>
void activateBy(const T* x, T* y, long n, Activation activation, float slope) {
  if (activation == Activation::relu) return activateAll<Activation::relu>(x, y, n, slope);
  if (activation == Activation::leakyRelu) {
    return activateAll<Activation::leakyRelu>(x, y, n, slope);
  }
  activateAll<Activation::none>(x, y, n, slope);
}

template <Activation A, class T>
void activateGradAll(const T* dy, const T* y, T* dx, long n, float slope) {
  forLanes(n, [&](auto lane, long i) {
    put(dx + i, activateGradValue<A>(get(lane, dy + i), get(lane, y + i), slope));
  });
}

template <class T>
void activateGradBy(const T* dy, const T* y, T* dx, long n, Activation activation, float slope) {
  if (activation == Activation::relu) {
    return activateGradAll<Activation::relu>(dy, y, dx, n, slope);
  }
  if (activation == Activation::leakyRelu) {
    return activateGradAll<Activation::leakyRelu>(dy, y, dx, n, slope);
  }
  activateGradAll<Activation::none>(dy, y, dx, n, slope);
}

template <class T>
void addAll(const T* a, const T* b, T* y, long n) {
  forLanes(n, [&](auto lane, long i) { put(y + i, get(lane, a + i) + get(lane, b + i)); });
}

template <class T>
void accumulateAll(const T* x, float* sum, long n) {
  forLanes(n, [&](auto lane, long i) { put(sum + i, get(lane, sum + i) + get(lane, x + i)); });
}

template <class S, class T>
void scaleAll(const S* x, float factor, T* y, long n) {
  forLanes(n, [&](auto lane, long i) { put(y + i, get(lane, x + i) * factor); });
}

// Whether x takes the place of best: the first of equals stays, and the first NaN beats all.

template <class T>
RESNET_INLINE void takeLarger(Wide, const T* x, T* best, uint8_t* index, uint8_t tap) {
  const vec a = load(x), b = load(best);
  const auto wins = (a > b) | ((a != a) & (b == b));
  store(best, wins ? a : b);
  if (!index) return;
  const bytes mask = __builtin_convertvector(wins, bytes), old = loadBytes(index);
  storeBytes(index, (mask & tap) | (~mask & old));
}

template <class T>
RESNET_INLINE void takeLarger(One, const T* x, T* best, uint8_t* index, uint8_t tap) {
  const float a = toFloat(*x), b = toFloat(*best);
  if (!(a > b) && !(a != a && b == b)) return;
  *best = *x;
  if (index) *index = tap;
}

template <class T>
void maxTapAll(const T* x, T* best, uint8_t* index, uint8_t tap, long n) {
  forLanes(n, [&](auto lane, long i) {
    takeLarger(lane, x + i, best + i, index ? index + i : nullptr, tap);
  });
}

template <class T>
void maxTapGradAll(const T* dy, const uint8_t* index, uint8_t tap, float* sum, long n) {
  RESNET_IVDEP
  for (long i = 0; i < n; i++) sum[i] += index[i] == tap ? toFloat(dy[i]) : 0.0f;
}

}  // namespace

void fill(float value, float* y, long n) {
  for (long i = 0; i < n; i++) y[i] = value;
}

#define RESNET_ELEMENTWISE(T)                                                                     \
  void activate(const T* x, T* y, long n, Activation activation, float slope) {                   \
    activateBy(x, y, n, activation, slope);                                                       \
  }                                                                                               \
  void activateGrad(const T* dy, const T* y, T* dx, long n, Activation activation, float slope) { \
    activateGradBy(dy, y, dx, n, activation, slope);                                              \
  }                                                                                               \
  void add(const T* a, const T* b, T* y, long n) { addAll(a, b, y, n); }                          \
  void accumulate(const T* x, float* sum, long n) { accumulateAll(x, sum, n); }                   \
  void scaleSums(const float* sum, float factor, T* y, long n) {                                  \
    scaleAll(sum, factor, y, n);                                                                  \
  }                                                                                               \
  void scale(const T* x, float factor, T* y, long n) { scaleAll(x, factor, y, n); }               \
  void maxTap(const T* x, T* best, uint8_t* index, uint8_t tap, long n) {                         \
    maxTapAll(x, best, index, tap, n);                                                            \
  }                                                                                               \
  void maxTapGrad(const T* dy, const uint8_t* index, uint8_t tap, float* sum, long n) {           \
    maxTapGradAll(dy, index, tap, sum, n);                                                        \
  }

RESNET_ELEMENTWISE(float)
RESNET_ELEMENTWISE(bf16)

}  // namespace RESNET_ISA
}  // namespace resnet
