// elementwise.cc
//
// One pass over flat arrays. An output may be the very memory of an input.

#include "activation.h"
#include "declare.h"
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

template <Activation A>
void activateAll(const float* x, float* y, long n, float slope) {
  RESNET_IVDEP
  for (long i = 0; i < n; i++) y[i] = activateValue<A>(x[i], slope);
}

template <Activation A>
void activateGradAll(const float* dy, const float* y, float* dx, long n, float slope) {
  RESNET_IVDEP
  for (long i = 0; i < n; i++) dx[i] = activateGradValue<A>(dy[i], y[i], slope);
}

}  // namespace

void activate(const float* x, float* y, long n, Activation activation, float slope) {
  if (activation == Activation::relu) return activateAll<Activation::relu>(x, y, n, slope);
  if (activation == Activation::leakyRelu) {
    return activateAll<Activation::leakyRelu>(x, y, n, slope);
  }
  activateAll<Activation::none>(x, y, n, slope);
}

void activateGrad(const float* dy, const float* y, float* dx, long n, Activation activation,
                  float slope) {
  if (activation == Activation::relu) {
    return activateGradAll<Activation::relu>(dy, y, dx, n, slope);
  }
  if (activation == Activation::leakyRelu) {
    return activateGradAll<Activation::leakyRelu>(dy, y, dx, n, slope);
  }
  activateGradAll<Activation::none>(dy, y, dx, n, slope);
}

void add(const float* a, const float* b, float* y, long n) {
  RESNET_IVDEP
  for (long i = 0; i < n; i++) y[i] = a[i] + b[i];
}

void accumulate(const float* x, float* y, long n) {
  RESNET_IVDEP
  for (long i = 0; i < n; i++) y[i] += x[i];
}

void scale(const float* x, float factor, float* y, long n) {
  RESNET_IVDEP
  for (long i = 0; i < n; i++) y[i] = x[i] * factor;
}

void fill(float value, float* y, long n) {
  for (long i = 0; i < n; i++) y[i] = value;
}

}  // namespace RESNET_ISA
}  // namespace resnet
