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
void lerpAll(const T* start, const T* end, float weight, T* y, long n) {
  if (weight < 0.5f) {
    return forLanes(n, [&](auto lane, long i) {
      const auto from = get(lane, start + i);
      put(y + i, from + (get(lane, end + i) - from) * weight);
    });
  }
  forLanes(n, [&](auto lane, long i) {
    const auto to = get(lane, end + i);
    put(y + i, to - (to - get(lane, start + i)) * (1 - weight));
  });
}

template <class T>
void accumulateAll(const T* x, float* sum, long n) {
  forLanes(n, [&](auto lane, long i) { put(sum + i, get(lane, sum + i) + get(lane, x + i)); });
}

template <class S, class T>
void scaleAll(const S* x, float factor, T* y, long n) {
  forLanes(n, [&](auto lane, long i) { put(y + i, get(lane, x + i) * factor); });
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
  void lerp(const T* start, const T* end, float weight, T* y, long n) {                           \
    lerpAll(start, end, weight, y, n);                                                            \
  }                                                                                               \
  void accumulate(const T* x, float* sum, long n) { accumulateAll(x, sum, n); }                   \
  void scaleSums(const float* sum, float factor, T* y, long n) {                                  \
    scaleAll(sum, factor, y, n);                                                                  \
  }                                                                                               \
  void scale(const T* x, float factor, T* y, long n) { scaleAll(x, factor, y, n); }

RESNET_ELEMENTWISE(float)
RESNET_ELEMENTWISE(bf16)

}  // namespace RESNET_ISA
}  // namespace resnet
