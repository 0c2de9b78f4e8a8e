// activation.h: activations and their derivatives, of a vector and of one value. NaN stays NaN.

#pragma once
#include "kernels.h"
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

template <Activation A>
RESNET_INLINE float activateValue(float v, float slope) {
  if (A == Activation::relu) return v < 0 ? 0 : v;
  if (A == Activation::leakyRelu) return v < 0 ? v * slope : v;
  return v;
}

template <Activation A>
RESNET_INLINE vec activateVector(vec v, float slope) {
  if (A == Activation::relu) return v < 0 ? vec{} : v;
  if (A == Activation::leakyRelu) return v < 0 ? v * slope : v;
  return v;
}

/** dy · act′, told from the sign of the activation's output y. */
template <Activation A>
RESNET_INLINE float activateGradValue(float dy, float y, float slope) {
  if (A == Activation::relu) return y <= 0 ? 0 : dy;
  if (A == Activation::leakyRelu) return y <= 0 ? dy * slope : dy;
  return dy;
}

}  // namespace
}  // namespace RESNET_ISA
}  // namespace resnet
