// activation.h: activations and their derivatives, of a vector or of one value. NaN stays NaN, and
// its derivative is PyTorch's: 1 of relu, the slope of leakyRelu.

#pragma once
#include "kernels.h"
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

template <Activation A, class V>
RESNET_INLINE V activateValue(V v, float slope) {
  if constexpr (A == Activation::relu) return v < 0 ? V{} : v;
  else if constexpr (A == Activation::leakyRelu) return v < 0 ? v * slope : v;
  else return v;
}

/** dy · act′, told from the sign of the activation's output y, or of its input. */
template <Activation A, class V>
RESNET_INLINE V activateGradValue(V dy, V y, float slope) {
  if constexpr (A == Activation::relu) return y <= 0 ? V{} : dy;
  else if constexpr (A == Activation::leakyRelu) return y > 0 ? dy : dy * slope;
  else return dy;
}

}  // namespace
}  // namespace RESNET_ISA
}  // namespace resnet
